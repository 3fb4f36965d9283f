/*
 * Root may look into another user's store. But what the names in its directory
 * lead to is that user's to say, and LMDB writes to the lock file: it must not be
 * root that opens them.
 */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

struct tel_lmdb_self {
	uid_t user;
	gid_t group;
	int n_groups;
	gid_t groups[];
};

static struct tel_lmdb_self *who_we_are(void)
{
	int n = getgroups(0, NULL);
	struct tel_lmdb_self *self = malloc(sizeof(*self) +
					    (n > 0 ? (size_t)n : 0) * sizeof(self->groups[0]));

	if (!self)
		return NULL;
	self->user = geteuid();
	self->group = getegid();
	self->n_groups = getgroups(n > 0 ? n : 0, self->groups);
	return self;
}

int tel_lmdb_be_owner(const struct tel_lmdb_place *place, struct tel_lmdb_self **out)
{
	struct tel_lmdb_self *self;

	*out = NULL;
	if (place->owner == geteuid())
		return 0;
	self = who_we_are();
	if (!self)
		return ENOMEM;
	*out = self;
	return self->n_groups < 0 || setgroups(0, NULL) || setegid(place->group) ||
	       seteuid(place->owner) ? errno : 0;
}

int tel_lmdb_be_self(struct tel_lmdb_self *self)
{
	int rc = 0;

	/* The user first: only root may change groups. */
	if (self && (seteuid(self->user) || setegid(self->group) ||
		     setgroups(self->n_groups > 0 ? (size_t)self->n_groups : 0, self->groups)))
		rc = errno;
	free(self);
	return rc;
}
