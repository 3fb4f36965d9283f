/*
 * An ordered table of byte keys: a treap. Nodes are made first and put in
 * later, so that a change of many nodes can be prepared where memory may run
 * out and carried out where nothing can fail.
 *
 * Priorities follow from the keys, so one set of keys has one shape.
 */
#ifndef TEL_MEMORY_STORE_TREE_H
#define TEL_MEMORY_STORE_TREE_H

#include <stddef.h>

#include "base/str.h"

struct tel_tree_node {
	struct tel_tree_node *left, *right;
	unsigned priority;
	void *object;			/* whatever the owner hangs on it */
	size_t key_len, value_len;
	char data[];			/* key, then value */
};

struct tel_tree {
	struct tel_tree_node *root;
	size_t n;
};

/* Copies both texts; NULL = no memory. Free with free(). */
struct tel_tree_node *tel_tree_node_new(struct tel_str key, struct tel_str value);

static inline struct tel_str tel_tree_key(const struct tel_tree_node *node)
{
	return (struct tel_str){ node->data, node->key_len };
}

static inline struct tel_str tel_tree_value(const struct tel_tree_node *node)
{
	return (struct tel_str){ node->data + node->key_len, node->value_len };
}

/* Takes `node` over. One with the same key is returned, for the caller to free. */
struct tel_tree_node *tel_tree_put(struct tel_tree *tree, struct tel_tree_node *node);
/* Taken out, for the caller to free; NULL = there was none. */
struct tel_tree_node *tel_tree_take(struct tel_tree *tree, struct tel_str key);

struct tel_tree_node *tel_tree_find(const struct tel_tree *tree, struct tel_str key);
/* The first node with a key >= `key`; the last with a key < `key`. NULL = none. */
struct tel_tree_node *tel_tree_at_least(const struct tel_tree *tree, struct tel_str key);
struct tel_tree_node *tel_tree_below(const struct tel_tree *tree, struct tel_str key);

/* Frees all nodes, each after `release` (may be NULL) has seen it. */
void tel_tree_clear(struct tel_tree *tree, void (*release)(struct tel_tree_node *node));

#endif
