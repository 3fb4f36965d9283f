#include "config.h"

#include <stdlib.h>

#include "agenda.h"
#include "base/banned.h"

static bool is_before(const struct sim_item *a, const struct sim_item *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	return a->rank != b->rank ? a->rank < b->rank : a->seq < b->seq;
}

static void swap(struct sim_item *a, struct sim_item *b)
{
	struct sim_item t = *a;

	*a = *b;
	*b = t;
}

void sim_agenda_release(struct sim_agenda *agenda)
{
	free(agenda->items);
	*agenda = (struct sim_agenda){ 0 };
}

void sim_agenda_add(struct sim_agenda *agenda, struct sim_item item)
{
	size_t i = agenda->n, parent;

	if (agenda->n == agenda->cap) {
		agenda->cap = agenda->cap ? agenda->cap * 2 : 256;
		agenda->items = realloc(agenda->items, agenda->cap * sizeof(item));
		if (!agenda->items)
			abort();
	}
	item.seq = agenda->next_seq++;
	agenda->items[agenda->n++] = item;
	for (; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (!is_before(&agenda->items[i], &agenda->items[parent]))
			break;
		swap(&agenda->items[i], &agenda->items[parent]);
	}
}

bool sim_agenda_take(struct sim_agenda *agenda, struct sim_item *out)
{
	struct sim_item *items = agenda->items;
	size_t i = 0, child;

	if (agenda->n == 0)
		return false;
	*out = items[0];
	items[0] = items[--agenda->n];
	while ((child = 2 * i + 1) < agenda->n) {
		if (child + 1 < agenda->n && is_before(&items[child + 1], &items[child]))
			child++;
		if (!is_before(&items[child], &items[i]))
			break;
		swap(&items[child], &items[i]);
		i = child;
	}
	return true;
}

const struct sim_item *sim_agenda_first(const struct sim_agenda *agenda)
{
	return agenda->n ? &agenda->items[0] : NULL;
}
