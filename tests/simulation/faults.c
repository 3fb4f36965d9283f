#include "config.h"

#include <stdlib.h>

#include "faults.h"
#include "base/banned.h"

static const struct {
	const char *name;
	uint32_t rate;
	tel_time penalty;
} kinds[SIM_FAULT_KINDS] = {
#define SIM_FAULT_ROW(id, name, rate, penalty) { name, rate, penalty },
	SIM_FAULT_LIST(SIM_FAULT_ROW)
#undef SIM_FAULT_ROW
};

const char *sim_fault_name(enum sim_fault fault)
{
	return kinds[fault].name;
}

void sim_faults_init(struct sim_faults *faults, uint64_t seed, bool calm)
{
	struct sim_rng swarm = sim_rng_stream(seed, 1);
	uint32_t scale = (uint32_t)sim_rng_between(&swarm, 1, 3);
	int kind;

	*faults = (struct sim_faults){ .n = 0 };
	for (kind = 0; kind < SIM_FAULT_KINDS; kind++)
		if (sim_rng_percent(&swarm, 60) && !calm)
			faults->rates[kind] = kinds[kind].rate * scale / 2;
}

void sim_faults_release(struct sim_faults *faults)
{
	free(faults->strikes);
	faults->strikes = NULL;
}

bool sim_is_left_out(const struct sim_left_out *list, uint64_t item)
{
	size_t i;

	for (i = 0; list && i < list->n; i++)
		if (list->items[i] == item)
			return true;
	return false;
}

static void note(struct sim_faults *faults, struct sim_strike strike)
{
	if (faults->n == faults->cap) {
		faults->cap = faults->cap ? faults->cap * 2 : 64;
		faults->strikes = realloc(faults->strikes, faults->cap * sizeof(strike));
		if (!faults->strikes)
			abort();
	}
	faults->strikes[faults->n++] = strike;
}

void sim_faults_strike(struct sim_faults *faults, enum sim_fault fault, tel_time now)
{
	note(faults, (struct sim_strike){ fault, 0, now, kinds[fault].penalty,
					  now + kinds[fault].penalty });
}

bool sim_faults_draw(struct sim_faults *faults, enum sim_fault fault, uint64_t draw, tel_time now)
{
	if (draw % 1000000 >= faults->rates[fault] || sim_is_left_out(faults->left_out, draw))
		return false;
	note(faults, (struct sim_strike){ fault, draw, now, kinds[fault].penalty,
					  now + kinds[fault].penalty });
	return true;
}

void sim_faults_lasts(struct sim_faults *faults, tel_time length)
{
	faults->strikes[faults->n - 1].penalty += length;
	faults->strikes[faults->n - 1].until += length;
}

void sim_faults_shows_later(struct sim_faults *faults, tel_time after)
{
	faults->strikes[faults->n - 1].until += after;
}

tel_time sim_faults_penalty(const struct sim_faults *faults, tel_time since)
{
	tel_time sum = 0;
	size_t i;

	for (i = 0; i < faults->n; i++)
		if (faults->strikes[i].until >= since)
			sum += faults->strikes[i].penalty;
	return sum;
}
