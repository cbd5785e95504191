"""The staff list is kept by command: on it, and off it at once."""

from models.enums import Role
from tests.builders import synthetic_number


def test_somebody_who_leaves_is_out_at_once(app, make, client_for):
    worker = make.staff()
    desk = client_for(worker, Role.CASEWORKER)
    assert desk.get("/sak").status_code == 200
    run = app.test_cli_runner().invoke
    removed = run(args=["remove-caseworker"], input=f"{worker.number}\n")
    assert removed.exit_code == 0 and worker.number not in removed.output
    assert desk.get("/sak").status_code == 303
    assert client_for(worker, Role.CASEWORKER).get("/sak").status_code == 303
    again = run(args=["remove-caseworker"], input=f"{worker.number}\n")
    assert again.exit_code == 1 and "Nobody on the staff list" in again.output


def test_nobody_is_removed_by_an_unknown_number(app):
    unknown = app.test_cli_runner().invoke(args=["remove-caseworker"], input=f"{synthetic_number()}\n")
    assert unknown.exit_code == 1
