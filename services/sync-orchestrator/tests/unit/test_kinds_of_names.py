"""How often the suggestion is right, over names as they stand in books: a floor under it."""

import pytest
from sync_orchestrator.domain.customer_kinds import CustomerThere, suggest

HOMEOWNERS = """
The Johnsons
The Williamses
The Browns
The Kings
The Smith Family
Rivera Family
Johnson Residence
The Simmons Residence
Young Residence
Residence of Ann Lee
Estate of Mary Poe
Estate of John Q. Public
The Estate of Harold Finch
van der Berg
von der Leyen
de la Cruz
Van Dyke
Jan van der Meer
Oscar del Toro
Maria del Carmen Ruiz
李明
王小明
李 明
山田太郎
김민수
Maria Gomez
Ann Lee
Lee, Ann M
Dr. Ray Moss
Dan and Lilly Poe
Bob Hope Jr
Olga P. Nowak
José Álvarez
Grace Young
Mr & Mrs Hill
Wei Zhang
Siobhan O'Brien
Anne-Marie Dubois
Mary Church
Tom Mason
"""

BUSINESSES = """
Acme Heating LLC
Poe & Ray
Poe & Sons Plumbing
Oak Street Dental
Real Estate of Texas
Estate Planning Group
Estate of Acme Plumbing
Marriott Residence Inn
The Residences at Oak Hill
Family Residence LLC
Modern Family Dentistry
Holy Family Cathedral
The Gardens
The Shops
The Plumbers
The Boathouse
Bank of van der Berg
Casa del Sol
北京科技有限公司
株式会社山田
山田工業
有限公司
City of Springfield
Springfield School District 12
First Baptist Church
Joe's Pizza
Kim Nail Salon
Lakeside Property Management
Harbor View Apartments
Müller GmbH
Smith Electric
Unit 4
Northwind
Green Thumb Landscaping
Sunny Day Care
Reed Cabins Inc.
Boulangerie Dupont
St. Mary's Hospital
Hill House Inn
Ace Hardware
"""


def kinds(names: str) -> dict[str, str]:
    return {name: suggest(CustomerThere(name)).kind for name in names.strip().splitlines()}


@pytest.mark.parametrize(
    ("kind", "ours", "others"),
    [("homeowner", HOMEOWNERS, BUSINESSES), ("business", BUSINESSES, HOMEOWNERS)],
)
def test_a_suggestion_is_right_and_found_for_nineteen_of_twenty(
    kind: str, ours: str, others: str
) -> None:
    said, wrongly = kinds(ours), kinds(others)
    right = [name for name, found in said.items() if found == kind]
    taken = [name for name, found in wrongly.items() if found == kind]
    missed = sorted(set(said) - set(right))
    assert len(right) >= 0.95 * len(said), f"not found: {missed}"
    assert len(right) >= 0.95 * (len(right) + len(taken)), f"taken for it: {taken}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("The Johnsons", "a family's name"),
        ("Johnson Residence", "a residence"),
        ("Estate of Mary Poe", "a person's estate"),
        ("van der Berg", "a last name"),
        ("李明", "a person's name"),
    ],
)
def test_homes_families_and_names_in_one_word_are_homeowners(name: str, reason: str) -> None:
    found = suggest(CustomerThere(name))
    assert (found.kind, found.reason) == ("homeowner", reason)
