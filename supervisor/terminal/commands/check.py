"""`arbitrio check`: validates a configuration."""

from argparse import Namespace

from supervisor.settings.config import effective, load_config


def main(args: Namespace) -> int:
    config = load_config(args.config)
    if args.effective:
        print(effective(config), end="")
    else:
        markets = sum(len(config.symbols_of(name)) for name in config.venues)
        print(f"{args.config}: good; {len(config.venues)} venues, {markets} markets")
    return 0
