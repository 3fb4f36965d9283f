/*
 * What people ask for: any text, as an order for a call and as a transfer.
 * What is accepted keeps to every bound; what is refused says what is wrong.
 */
#include "config.h"

#include "fakes/fake_routing.h"
#include "fuzz/fuzz.h"
#include "order/order_read.h"
#include "base/banned.h"

static void check_problems(enum tel_err err, const struct tel_problems *problems)
{
	size_t i;

	FUZZ_CHECK(err == TEL_OK || err == TEL_EMALFORMED || err == TEL_ETOOBIG);
	FUZZ_CHECK((err == TEL_EMALFORMED) == (problems->n_errors > 0));
	for (i = 0; i < problems->n; i++)
		FUZZ_CHECK(problems->items[i].text[0] != '\0');
}

static bool within(struct tel_str text, size_t max)
{
	return !text.ptr || (text.len > 0 && text.len <= max);
}

static void check_order(const struct tel_place_request *r)
{
	FUZZ_CHECK(tel_e164_is_strict(r->to));
	FUZZ_CHECK(!r->from.ptr || tel_e164_is_strict(r->from));
	FUZZ_CHECK(within(r->agent_name, TEL_MAX_NAME) && within(r->room_name, TEL_MAX_ROOM_NAME));
	FUZZ_CHECK(within(r->trunk_id, TEL_MAX_NAME) && within(r->dtmf, TEL_MAX_DTMF));
	FUZZ_CHECK(within(r->agent_config, TEL_MAX_AGENT_CONFIG));
	FUZZ_CHECK(within(r->metadata, TEL_MAX_CALL_METADATA));
	FUZZ_CHECK(!r->agent_config.ptr || fuzz_is_json(r->agent_config));
	FUZZ_CHECK(!r->metadata.ptr || fuzz_is_json(r->metadata));
	FUZZ_CHECK(r->ringing_timeout == 0 || (r->ringing_timeout >= TEL_RINGING_TIMEOUT_LEAST &&
					       r->ringing_timeout <= TEL_RINGING_TIMEOUT_MOST));
	FUZZ_CHECK(r->max_duration == 0 || (r->max_duration >= TEL_MAX_DURATION_LEAST &&
					    r->max_duration <= TEL_MAX_DURATION_MOST));
}

static void check_target(const char *to)
{
	struct tel_str text = tel_str_from(to);
	size_t i;

	FUZZ_CHECK(tel_str_starts(text, TEL_STR("tel:+")) || tel_str_starts(text, TEL_STR("sip:")));
	FUZZ_CHECK(text.len > 4 && text.len <= TEL_MAX_TRANSFER_TO);
	for (i = 0; i < text.len; i++)
		FUZZ_CHECK(text.ptr[i] > 0x20 && text.ptr[i] < 0x7f);
}

FUZZ(order)
{
	struct tel_str text = fuzz_copy(fuzz_str(data, size));
	struct tel_problems problems = { 0 };
	struct tel_fake_routing routing;
	struct tel_transfer_read transfer;
	struct tel_order_read order;
	enum tel_err err;

	tel_fake_routing_init(&routing);
	err = tel_order_read(text, &routing.base, &order, &problems);
	check_problems(err, &problems);
	if (!err)
		check_order(&order.request);
	tel_order_read_release(&order);
	tel_problems_release(&problems);
	err = tel_transfer_read(text, &transfer, &problems);
	check_problems(err, &problems);
	if (!err)
		check_target(transfer.to);
	tel_problems_release(&problems);
	fuzz_free(text);
	return 0;
}
