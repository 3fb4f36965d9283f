#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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

/*
 * Root looking into another user's store must not leave a lock file there
 * that its owner can't open.
 */
static void give_back_lock_file(const char *path, uid_t owner)
{
	struct tel_buf file;

	if (owner == geteuid())
		return;
	tel_buf_init(&file, 4096);
	tel_buf_printf(&file, "%s/lock.mdb", path);
	if (!tel_buf_err(&file) && lchown(file.ptr, owner, (gid_t)-1))
		errno = 0;	/* it was there before, with the right owner */
	tel_buf_release(&file);
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
		err = tel_lmdb_open_env(s, options, why);
	if (!err)
		give_back_lock_file(options->path, place.owner);
	if (!err) {
		*out = &s->base;
		s = NULL;
	}
	if (s)
		release(s);
	return err;
}
