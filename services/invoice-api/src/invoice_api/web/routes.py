"""All pages, in one router."""

from fastapi import APIRouter

from invoice_api.web import (
    account_pages,
    action_pages,
    assets_routes,
    customer_pages,
    first_steps_pages,
    group_pages,
    import_pages,
    integration_pages,
    invoice_form_pages,
    invoice_list_pages,
    invoice_pages,
    item_pages,
    join_pages,
    link_pages,
    live,
    mapping_pages,
    match_pages,
    notices_pages,
    office_settings_pages,
    patterns_pages,
    problems_pages,
    recent_pages,
    remote_customers_pages,
    search_pages,
    sync_now_pages,
    tax_mapping_pages,
)

router = APIRouter()
for pages in (
    assets_routes,
    account_pages,
    join_pages,
    link_pages,
    live,
    search_pages,
    notices_pages,
    office_settings_pages,
    first_steps_pages,
    import_pages,
    invoice_list_pages,
    invoice_form_pages,
    invoice_pages,
    customer_pages,
    item_pages,
    patterns_pages,
    recent_pages,
    problems_pages,
    group_pages,
    sync_now_pages,
    mapping_pages,
    tax_mapping_pages,
    match_pages,
    remote_customers_pages,
    integration_pages,
    action_pages,  # last: its paths are the most general
):
    router.include_router(pages.router)
