"""Budgets: subscribers of a notification, changes and tags of a budget.

Source: the pages of these actions in the AWS Billing API reference ("Budgets" part). Spending is
never counted, so no notification is ever sent.
"""

import json
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.responses import BudgetsResponse

from emulator.moto_patches.patching import add, wrap


def apply() -> None:
    wrap(BudgetsResponse, "create_budget", by=_keeping_tags)
    for name, function in _MISSING.items():
        add(BudgetsResponse, name, function=function)


def _keeping_tags(original: Any) -> Any:
    """moto drops ResourceTags."""

    def create_budget(self: Any) -> Any:
        answer = original(self)
        name = self._get_param("Budget")["BudgetName"]
        _budget(self, name).tags = _as_mapping(self._get_param("ResourceTags"))
        return answer

    return create_budget


def _update_budget(self: Any) -> str:
    new = self._get_param("NewBudget")
    budget = _budget(self, new["BudgetName"])
    budget.budget = {"TimePeriod": budget.budget["TimePeriod"], **new}
    return "{}"


def _describe_subscribers_for_notification(self: Any) -> str:
    return json.dumps({"Subscribers": _notification(self).subscribers})


def _create_subscriber(self: Any) -> str:
    notification = _notification(self)
    notification.subscribers = [*notification.subscribers, self._get_param("Subscriber")]
    return "{}"


def _delete_subscriber(self: Any) -> str:
    notification, removed = _notification(self), self._get_param("Subscriber")
    notification.subscribers = [item for item in notification.subscribers if item != removed]
    return "{}"


def _list_tags_for_resource(self: Any) -> str:
    tags = _tagged(self).tags
    listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    return json.dumps({"ResourceTags": listed})


def _tag_resource(self: Any) -> str:
    _tagged(self).tags.update(_as_mapping(self._get_param("ResourceTags")))
    return "{}"


def _untag_resource(self: Any) -> str:
    for key in self._get_param("ResourceTagKeys"):
        _tagged(self).tags.pop(key, None)
    return "{}"


_MISSING = {
    "update_budget": _update_budget,
    "describe_subscribers_for_notification": _describe_subscribers_for_notification,
    "create_subscriber": _create_subscriber,
    "delete_subscriber": _delete_subscriber,
    "list_tags_for_resource": _list_tags_for_resource,
    "tag_resource": _tag_resource,
    "untag_resource": _untag_resource,
}


def _budget(response: Any, name: str) -> Any:
    account = response._get_param("AccountId") or response.current_account
    budget = response.backend.budgets[account].get(name)
    if budget is None:
        text = f"Unable to get budget: {name} - the budget doesn't exist."
        raise NotFoundException(text)
    return budget


def _tagged(response: Any) -> Any:
    return _budget(response, response._get_param("ResourceARN").rpartition("/")[2])


def _notification(response: Any) -> Any:
    wanted = response._get_param("Notification")
    for notification in _budget(response, response._get_param("BudgetName")).notifications:
        if notification.details == wanted:
            return notification
    text = "Unable to get the notification - the notification doesn't exist."
    raise NotFoundException(text)


def _as_mapping(tags: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or []}
