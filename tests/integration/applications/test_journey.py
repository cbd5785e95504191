"""From choosing the organisation to the receipt, as people do it."""


def test_a_municipality_applies(journey, row):
    trip = journey().begin()
    assert (
        trip.post(
            "innsender",
            submitter_email="kari@trondheim-kommune.example",
            submitter_mobile="98765432",
            submitter_job_title="Rådgiver",
        ).location
        == f"{trip.path}/personer"
    )
    trip.add()
    assert trip.post("personer", go="next").location == f"{trip.path}/kontaktperson"
    trip.choose_contact()
    response = trip.send()
    assert response.location == f"{trip.path}/kvittering"
    page = trip.get("kvittering")
    assert page.status_code == 200
    assert "Søknaden er sendt inn" in page.text
    for p in ("status",):
        assert trip.get(p).status_code == 200
