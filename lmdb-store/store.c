#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/* Half-built stores too. In a forked child LMDB's part is left alone. */
static void release(struct tel_lmdb_store *s)
{
	bool ours = s->pid == getpid();

	if (s->env && ours)
		mdb_env_close(s->env);
	if (s->pids_fd >= 0)
		close(s->pids_fd);
	if (s->registered && ours)
		tel_lmdb_unregister(s->dev, s->ino);
	pthread_mutex_destroy(&s->queue_lock);
	pthread_rwlock_destroy(&s->map_lock);
	free(s);
}

static void lmdb_close(struct tel_call_store *store)
{
	release(tel_lmdb_of(store));
}

static const struct tel_call_store_ops lmdb_ops = {
	.name = "lmdb",
	.step = tel_lmdb_step,
	.get = tel_lmdb_get_call,
	.list = tel_lmdb_list,
	.due = tel_lmdb_due,
	.sweep = tel_lmdb_sweep,
	.stats = tel_lmdb_stats,
	.close = lmdb_close,
};

static struct tel_lmdb_store *new_store(const struct tel_lmdb_options *options)
{
	struct tel_lmdb_store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (pthread_rwlock_init(&s->map_lock, NULL)) {
		free(s);
		return NULL;
	}
	if (pthread_mutex_init(&s->queue_lock, NULL)) {
		pthread_rwlock_destroy(&s->map_lock);
		free(s);
		return NULL;
	}
	s->base.ops = &lmdb_ops;
	s->pid = getpid();
	s->pids_fd = -1;
	s->read_only = options->read_only;
	s->group_commit = !options->no_group_commit;
	s->retention = options->retention;
	s->broken = options->broken;
	s->broken_ctx = options->broken_ctx;
	s->last = &s->first;
	return s;
}

static enum tel_err claim(struct tel_lmdb_store *s, const char *path,
			  const struct tel_lmdb_place *place, struct tel_buf *why)
{
	enum tel_err err = tel_lmdb_register(place->dev, place->ino);

	if (err == TEL_EMISUSE)
		return tel_lmdb_say(why, err, "the store in %s is open in this process already", path);
	s->registered = !err;
	s->dev = place->dev;
	s->ino = place->ino;
	return err;
}

/* A lock file that is made then is its owner's, too. */
static enum tel_err open_as_owner(struct tel_lmdb_store *s, const struct tel_lmdb_options *options,
				  const struct tel_lmdb_place *place, struct tel_buf *why)
{
	struct tel_lmdb_self *self;
	int rc = tel_lmdb_be_owner(place, &self), again;
	enum tel_err err = rc ? tel_lmdb_say(why, tel_lmdb_err(rc),
					     "cannot look into %s as its owner, user %lu: %s",
					     options->path, (unsigned long)place->owner,
					     strerror(rc)) :
				tel_lmdb_open_env(s, options, why);

	again = tel_lmdb_be_self(self);
	if (again && !err)
		err = tel_lmdb_say(why, tel_lmdb_err(again), "cannot be root again: %s",
				   strerror(again));
	return err;
}

enum tel_err tel_lmdb_store_open(const struct tel_lmdb_options *options,
				 struct tel_call_store **out, struct tel_buf *why)
{
	struct tel_lmdb_store *s = NULL;
	struct tel_lmdb_place place;
	enum tel_err err;

	if (options->map_size && options->map_size < TEL_LMDB_MIN_MAP_SIZE)
		return tel_lmdb_say(why, TEL_EMISUSE, "a map size of %zu bytes is too small: at least %zu",
				    options->map_size, TEL_LMDB_MIN_MAP_SIZE);
	err = tel_lmdb_place(options->path, options->read_only, &place, why);
	if (err)
		return err;
	s = new_store(options);
	if (!s)
		return tel_lmdb_say(why, TEL_ENOMEM, "no memory");
	err = claim(s, options->path, &place, why);
	if (!err)
		err = open_as_owner(s, options, &place, why);
	if (!err) {
		*out = &s->base;
		s = NULL;
	}
	if (s)
		release(s);
	return err;
}
