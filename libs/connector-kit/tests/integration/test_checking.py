"""A lost answer: what a look-up proves, when, and what follows."""

from contracts.sync import SyncDelayed, SyncFailed, SyncSucceeded

from .bench import Bench


async def test_a_create_whose_answer_was_lost_is_found_at_once_and_not_sent_again(
    bench: Bench,
) -> None:
    bench.there.fail("/batch", "lose_answer")
    command = bench.customer("Hill Plumbing")
    await bench.take(command)
    await bench.work()
    delayed = await bench.said_one(SyncDelayed)
    assert (delayed.why, delayed.record_id) == ("checking", command.record_id)
    assert await bench.work() == 0
    assert await bench.check() == 1
    outcome = await bench.said_one(SyncSucceeded)
    (record,) = bench.there.of("customer")
    assert outcome.remote.id == record.id
    assert [attempt.result for attempt in outcome.attempts] == ["found"]
    assert await bench.work() == 0


async def test_an_absence_counts_only_after_quiet_until(bench: Bench) -> None:
    bench.there.fail("/batch", "lose_request")
    await bench.take(bench.customer("Hill Plumbing"))
    await bench.work()
    assert await bench.check() == 1
    assert await bench.states() == ["open"]
    bench.later(seconds=150)
    assert await bench.check() == 0
    bench.later(seconds=6)
    assert await bench.check() == 1
    assert await bench.states() == ["never_happened"]
    await bench.work()
    assert len(bench.there.of("customer")) == 1
    *_, outcome = await bench.said()
    assert isinstance(outcome, SyncSucceeded)
    assert [attempt.result for attempt in outcome.attempts] == ["absent", "accepted"]


async def test_a_look_up_sent_before_quiet_until_and_processed_after_it_proves_no_absence(
    bench: Bench,
) -> None:
    bench.there.fail("/batch", "lose_request")
    await bench.take(bench.customer("Hill Plumbing"))
    await bench.work()
    check = await bench.checker.claim()
    assert check is not None
    looked = await bench.checker.look(check)
    bench.later(seconds=200)
    await bench.checker.record(check, looked)
    assert await bench.states() == ["open"]


async def test_a_worker_killed_between_answer_and_commit_doubles_nothing(bench: Bench) -> None:
    await bench.take(*[bench.invoice(f"100{n}") for n in range(4)], bench.invoice("refuse"))
    in_hand = await bench.freeze()
    await bench.worker.send(in_hand)  # and here it is killed
    assert await bench.check() == 0
    bench.later(seconds=11)
    assert await bench.check() == 1
    assert sorted(await bench.states()) == ["finished"] * 4 + ["open"]
    bench.later(seconds=200)
    await bench.check()
    await bench.work()
    assert len(bench.there.of("invoice")) == 4
    assert isinstance((await bench.said())[-1], SyncFailed)


async def test_a_worker_killed_before_it_sent_loses_nothing(bench: Bench) -> None:
    await bench.take(bench.invoice("1001"))
    await bench.freeze()
    bench.later(seconds=160)
    await bench.check()
    await bench.work()
    assert len(bench.there.of("invoice")) == 1


async def test_a_renumbered_invoice_is_looked_up_by_its_frozen_number(bench: Bench) -> None:
    bench.there.fail("/batch", "lose_answer")
    command = bench.invoice("1001")
    await bench.take(command)
    await bench.work()
    await bench.take(bench.invoice("1002", record=command.record_id, step=2))
    assert await bench.work() == 0
    await bench.check()
    await bench.work()
    (record,) = bench.there.of("invoice")
    assert (record.key, record.version) == ("1002", 1)


async def test_ours_with_another_content_is_adopted_and_goes_again_as_an_update(
    bench: Bench,
) -> None:
    bench.there.fail("/batch", "lose_answer")
    await bench.take(bench.invoice("1001", total="100.00"))
    await bench.work()
    (record,) = bench.there.of("invoice")
    record.fields = {"total": "1.00"}
    await bench.said()
    await bench.check()
    assert await bench.said() == []
    await bench.work()
    outcome = await bench.said_one(SyncSucceeded)
    assert (outcome.remote.id, record.fields, record.version) == (
        record.id,
        {"total": "100.00"},
        1,
    )


async def test_ours_but_removed_there_finishes_with_its_id_and_is_not_created_again(
    bench: Bench,
) -> None:
    bench.there.fail("/batch", "lose_answer")
    command = bench.invoice("1001")
    await bench.take(command)
    await bench.work()
    (record,) = bench.there.of("invoice")
    record.removed = "voided"
    await bench.said()
    await bench.check()
    outcome = await bench.said_one(SyncSucceeded)
    assert (outcome.removed, outcome.remote.id) == ("voided", record.id)
    await bench.take(bench.invoice("1001", record=command.record_id, step=2))
    await bench.work()
    assert bench.there.of("invoice") == []


async def test_somebody_else_s_number_is_a_cause_only_after_quiet_until(bench: Bench) -> None:
    bench.there.fail("/batch", "lose_request")
    foreign = bench.there.put("invoice", "1001", total="7.00")
    await bench.take(bench.invoice("1001"))
    await bench.work()
    await bench.said()
    await bench.check()
    assert await bench.said() == []
    bench.later(seconds=160)
    await bench.check()
    outcome = await bench.said_one(SyncFailed)
    assert outcome.cause.code == "invoice_number_taken"
    assert outcome.cause.params["holder_remote_id"] == foreign.id


async def test_an_unmarked_record_is_ours_if_it_is_equal_new_and_nobody_s(bench: Bench) -> None:
    bench.there.fail("/batch", "lose_answer")
    await bench.take(bench.item("Boiler"))
    await bench.work()
    await bench.check()
    assert await bench.states() == ["finished"]


async def test_an_unmarked_record_of_somebody_else_is_not_adopted(bench: Bench) -> None:
    old = bench.there.put("item", "Boiler", price="9.50")
    bench.later(minutes=2)
    bench.there.fail("/batch", "lose_request")
    await bench.take(bench.item("Boiler"))
    await bench.work()
    bench.later(seconds=160)
    await bench.check()
    assert await bench.states() == ["refused"]
    assert bench.there.of("item") == [old]


async def test_an_unanswered_update_is_judged_only_after_quiet_until(bench: Bench) -> None:
    """Equal fields may be the old content: the late update could still overwrite what follows."""
    command = bench.customer("B")
    await bench.take(command)
    await bench.work()
    bench.there.fail("/batch", "lose_request")
    await bench.take(bench.customer("B", record=command.record_id, step=2))
    await bench.work()
    await bench.check()
    assert (await bench.states())[1] == "open"
    bench.later(seconds=160)
    await bench.check()
    assert (await bench.states())[1] == "finished"


async def test_an_update_is_judged_at_once_where_the_version_has_moved_on(bench: Bench) -> None:
    command = bench.customer("B")
    await bench.take(command)
    await bench.work()
    bench.there.fail("/batch", "lose_answer")
    await bench.take(bench.customer("C", record=command.record_id, step=2))
    await bench.work()
    await bench.check()
    assert await bench.states() == ["finished", "finished"]


async def test_members_of_a_request_that_the_provider_failed_on_go_alone(bench: Bench) -> None:
    bench.there.fail("/batch", "500")
    await bench.take(*[bench.customer(f"Customer {n}") for n in range(3)])
    await bench.work()
    bench.later(seconds=160)
    await bench.check()
    await bench.work()
    assert [len(r["items"]) for r in bench.there.requests("/batch")] == [3, 1, 1, 1]


async def test_an_answer_after_the_look_up_changes_nothing(bench: Bench) -> None:
    await bench.take(bench.invoice("1001"))
    in_hand = await bench.freeze()
    delivery = await bench.worker.send(in_hand)
    bench.later(seconds=11)
    await bench.check()
    await bench.said()
    await bench.worker.record(in_hand, delivery)
    assert await bench.said() == []
    assert await bench.states() == ["finished"]


async def test_a_look_up_that_fails_proves_nothing(bench: Bench) -> None:
    bench.there.fail("/batch", "lose_request")
    bench.there.fail("/find", "500", "html")
    await bench.take(bench.customer("Hill Plumbing"))
    await bench.work()
    bench.later(seconds=160)
    await bench.check()
    bench.later(seconds=60)
    await bench.check()
    assert await bench.states() == ["open"]
    bench.later(seconds=60)
    await bench.check()
    assert await bench.states() == ["never_happened"]


async def test_a_step_asked_again_while_it_is_checked_is_told_again_with_the_next_look_up(
    bench: Bench,
) -> None:
    bench.there.fail("/batch", "lose_request")
    command = bench.customer("Hill Plumbing")
    await bench.take(command)
    await bench.work()
    await bench.check()
    await bench.said_one(SyncDelayed)
    await bench.take(command)
    bench.there.fail("/find", "500")
    bench.later(seconds=160)
    await bench.check()
    assert (await bench.said_one(SyncDelayed)).why == "checking"
    bench.later(seconds=60)
    await bench.check()
    assert await bench.said() == []
