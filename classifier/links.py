"""Addresses in comments: whose they are."""

#: Hosts under which anybody has a name of their own. With two-letter countries they are the whole rule: the
#: list of public suffixes is 250 kB, changes weekly, and would tell the features little more.
_LETTING = frozenset(
    (
        *("blogspot.com", "github.io", "netlify.app", "pages.dev", "vercel.app", "web.app", "weebly.com"),
        *("wixsite.com", "wordpress.com", "substack.com", "herokuapp.com", "000webhostapp.com"),
    )
)


def registered_domain(host: str) -> str:
    """Cut a host down to the domain that somebody registered.

    Parameters
    ----------
    host : str
        Lower case, perhaps with a user and a port.

    Returns
    -------
    str
        Two labels; three under a country's second level such as co.uk, or where a host lets names; an
        address in numbers as it is.
    """
    labels = host.rpartition("@")[2].partition(":")[0].strip(".").split(".")
    if labels[-1].isdigit():
        return ".".join(labels)
    short_second_level = len(labels[-1]) == 2 and len(labels) > 2 and len(labels[-2]) <= 3
    let = ".".join(labels[-2:]) in _LETTING
    return ".".join(labels[-3:] if short_second_level or let else labels[-2:])
