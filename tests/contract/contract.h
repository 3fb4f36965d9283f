/*
 * The contract of ports/call_store.h as tests, for any store. A test program
 * names its store in `tel_contract` and runs the suites.
 *
 * Every test gets an empty store; after it the store's own indexes are
 * checked, if it can.
 */
#ifndef TEL_TESTS_CONTRACT_H
#define TEL_TESTS_CONTRACT_H

#include <CUnit/Basic.h>
#include <stdbool.h>

#include "harness.h"
#include "ports/call_store.h"

struct tel_contract {
	/* An empty store; aborts if there can be none. */
	struct tel_call_store *(*open)(tel_time retention);
	/* Closes it and removes what it left. */
	void (*close)(struct tel_call_store *store);
	/* All indexes fit the records. NULL = always true. */
	bool (*is_sound)(struct tel_call_store *store);
};

extern const struct tel_contract tel_contract;

/* contract_<name>.c; each ends with CU_TEST_INFO_NULL */
extern CU_TestInfo tel_contract_step_tests[];
extern CU_TestInfo tel_contract_place_tests[];
extern CU_TestInfo tel_contract_duty_tests[];
extern CU_TestInfo tel_contract_read_tests[];
extern CU_TestInfo tel_contract_list_tests[];
extern CU_TestInfo tel_contract_due_tests[];

#define TEL_CONTRACT_SUITES(prefix)							\
	{ .pName = prefix ": steps", .pTests = tel_contract_step_tests },		\
	{ .pName = prefix ": placing calls", .pTests = tel_contract_place_tests },	\
	{ .pName = prefix ": the duty", .pTests = tel_contract_duty_tests },		\
	{ .pName = prefix ": reading", .pTests = tel_contract_read_tests },		\
	{ .pName = prefix ": listing", .pTests = tel_contract_list_tests },		\
	{ .pName = prefix ": due jobs and sweeping", .pTests = tel_contract_due_tests }

/* ---- contract.c: what tests are written with --------------------------- */

struct tel_call_store *contract_open(void);
struct tel_call_store *contract_open_with_retention(tel_time retention);
/* Checks the indexes, then closes. */
void contract_close(struct tel_call_store *store);

/* 00000000-0000-4000-8000-<n as 12 hex digits> */
struct tel_call_id contract_id(unsigned n);
/* The n of a call made here. */
unsigned contract_number(const struct tel_call *call);

/* What a new call is like; absent texts are left absent. */
struct recipe {
	unsigned n;			/* its id */
	const char *room, *room_sid, *sip_call_id, *leg;
	tel_time created_at;
	enum tel_call_status status;
	tel_time ended_at;
	tel_time due;			/* a pending end_overdue; 0 = none */
	const char *lease_owner;
	tel_time lease_until;
	enum tel_direction direction;
	const char *from, *to;		/* E.164 */
};

/* TEL_OK or what step() said. */
enum tel_err contract_try_make(struct tel_call_store *store, const struct recipe *recipe);
void contract_make(struct tel_call_store *store, struct recipe recipe);
struct tel_call *contract_new_call(const struct recipe *recipe);

/* Load what `about` names, change it by `edit` and save it. */
typedef void (*edit_fn)(struct tel_call *call, void *ctx);
enum tel_err contract_edit(struct tel_call_store *store, unsigned n, edit_fn edit, void *ctx);

/* An outbound call n with the request key "key <key>", unless that was seen. */
enum tel_err contract_place(struct tel_call_store *store, unsigned key, unsigned n);
/* The number of the call for which "key <key>" stands; 0 = none. */
unsigned contract_placed(struct tel_call_store *store, unsigned key);
/* How many outbound calls there are. */
unsigned contract_outbound(struct tel_call_store *store);

/* The duty, as a step finds it. */
struct contract_duty {
	char owner[TEL_MAX_OWNER + 1];	/* "" = nobody */
	tel_time until, run_at;
};

struct contract_duty contract_duty(struct tel_call_store *store);
/*
 * A call n, and in the same step the duty: owner "<n>", until n, run_at one
 * more than it was.
 */
enum tel_err contract_make_on_duty(struct tel_call_store *store, const struct recipe *recipe);

/* What a step about this finds: the number of its call, 0 = none. */
unsigned contract_find(struct tel_call_store *store, const struct tel_step_about *about);
/* event_seen, room_finished of a step about this. */
bool contract_event_seen(struct tel_call_store *store, const char *event_id);
bool contract_room_finished(struct tel_call_store *store, const char *room, const char *sid);
void contract_remember(struct tel_call_store *store, const char *event_id, tel_time until);
void contract_finish_room(struct tel_call_store *store, const char *room, const char *sid,
			  tel_time until);

/* The call, or a failed assertion and NULL. Free it. */
struct tel_call *contract_get(struct tel_call_store *store, unsigned n);
bool contract_has(struct tel_call_store *store, unsigned n);

void contract_set(struct tel_call *call, struct tel_str *field, const char *text);
struct tel_store_stats contract_stats(struct tel_call_store *store);

#endif
