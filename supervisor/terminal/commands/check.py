"""`arbitrio check`: validates a configuration."""

from argparse import Namespace

from supervisor.settings.comparing import conversions_of, groups_of, idle_parts, markets_of
from supervisor.settings.config import effective
from supervisor.settings.loading import load_config


def main(args: Namespace) -> int:
    """Exit code 1 says that the configuration can be used and can find nothing."""
    config = load_config(args.config)
    if args.effective:
        print(effective(config), end="")
        return 0
    groups = groups_of(config)
    verdict = "good" if groups else "can be used, and finds nothing"
    print(
        f"{args.config}: {verdict}; {_count(len(config.venues), 'venue')}, "
        f"{_count(len(markets_of(config)), 'market')}, "
        f"{_count(len(groups), 'group')} of markets to compare"
    )
    for group in groups:
        print(f"  compared: {', '.join(map(str, group))}")
    if conversions := conversions_of(config):
        print(f"  by rates of: {', '.join(conversions)}, wherever they are traded")
    for part in idle_parts(config):
        print(f"{args.config}: {part}")
    return 0 if groups else 1


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
