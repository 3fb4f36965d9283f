#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

struct opened {
	struct opened *next;
	dev_t dev;
	ino_t ino;
	pid_t pid;		/* an entry inherited by fork() doesn't count */
};

/*
 * The one state that must be shared by the whole process, because LMDB's
 * locks are: which directories it has open.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct opened *list;	/* guarded by lock */

static struct opened **find(dev_t dev, ino_t ino)
{
	struct opened **at = &list;

	while (*at && !((*at)->dev == dev && (*at)->ino == ino && (*at)->pid == getpid()))
		at = &(*at)->next;
	return at;
}

enum tel_err tel_lmdb_register(dev_t dev, ino_t ino)
{
	struct opened *o = malloc(sizeof(*o));
	enum tel_err err = TEL_OK;

	if (!o)
		return TEL_ENOMEM;
	pthread_mutex_lock(&lock);
	if (*find(dev, ino)) {
		err = TEL_EMISUSE;
	} else {
		*o = (struct opened){ .next = list, .dev = dev, .ino = ino, .pid = getpid() };
		list = o;
		o = NULL;
	}
	pthread_mutex_unlock(&lock);
	free(o);
	return err;
}

void tel_lmdb_unregister(dev_t dev, ino_t ino)
{
	struct opened **at, *o;

	pthread_mutex_lock(&lock);
	at = find(dev, ino);
	o = *at;
	if (o)
		*at = o->next;
	pthread_mutex_unlock(&lock);
	free(o);
}
