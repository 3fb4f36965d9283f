#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "memory-store/tree.h"
#include "base/banned.h"

static int compare(struct tel_str a, struct tel_str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

/* FNV-1a, stirred so that keys that differ in their last byte are far apart. */
static unsigned priority_of(struct tel_str key)
{
	unsigned h = 2166136261u;
	size_t i;

	for (i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)key.ptr[i]) * 16777619u;
	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	return h ^ h >> 13;
}

struct tel_tree_node *tel_tree_node_new(struct tel_str key, struct tel_str value)
{
	struct tel_tree_node *node = malloc(sizeof(*node) + key.len + value.len);

	if (!node)
		return NULL;
	*node = (struct tel_tree_node){
		.priority = priority_of(key), .key_len = key.len, .value_len = value.len,
	};
	if (key.len > 0)
		memcpy(node->data, key.ptr, key.len);
	if (value.len > 0)
		memcpy(node->data + key.len, value.ptr, value.len);
	return node;
}

/* Cut into keys < `key` and the others. */
static void split(struct tel_tree_node *node, struct tel_str key, struct tel_tree_node **low,
		  struct tel_tree_node **high)
{
	while (node) {
		if (compare(tel_tree_key(node), key) < 0) {
			*low = node;
			low = &node->right;
			node = node->right;
		} else {
			*high = node;
			high = &node->left;
			node = node->left;
		}
	}
	*low = NULL;
	*high = NULL;
}

/* All keys of `low` are below those of `high`. */
static void merge(struct tel_tree_node **to, struct tel_tree_node *low, struct tel_tree_node *high)
{
	while (low && high) {
		if (low->priority > high->priority) {
			*to = low;
			to = &low->right;
			low = low->right;
		} else {
			*to = high;
			to = &high->left;
			high = high->left;
		}
	}
	*to = low ? low : high;
}

struct tel_tree_node *tel_tree_take(struct tel_tree *tree, struct tel_str key)
{
	struct tel_tree_node **at = &tree->root, *node;
	int c;

	while ((node = *at) && (c = compare(key, tel_tree_key(node))) != 0)
		at = c < 0 ? &node->left : &node->right;
	if (!node)
		return NULL;
	merge(at, node->left, node->right);
	node->left = node->right = NULL;
	tree->n--;
	return node;
}

struct tel_tree_node *tel_tree_put(struct tel_tree *tree, struct tel_tree_node *node)
{
	struct tel_tree_node *old = tel_tree_take(tree, tel_tree_key(node));
	struct tel_tree_node **at = &tree->root;

	while (*at && (*at)->priority >= node->priority)
		at = compare(tel_tree_key(node), tel_tree_key(*at)) < 0 ? &(*at)->left :
									  &(*at)->right;
	split(*at, tel_tree_key(node), &node->left, &node->right);
	*at = node;
	tree->n++;
	return old;
}

struct tel_tree_node *tel_tree_find(const struct tel_tree *tree, struct tel_str key)
{
	struct tel_tree_node *node = tel_tree_at_least(tree, key);

	return node && tel_str_eq(tel_tree_key(node), key) ? node : NULL;
}

struct tel_tree_node *tel_tree_at_least(const struct tel_tree *tree, struct tel_str key)
{
	struct tel_tree_node *node = tree->root, *best = NULL;

	while (node) {
		if (compare(tel_tree_key(node), key) >= 0) {
			best = node;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return best;
}

struct tel_tree_node *tel_tree_below(const struct tel_tree *tree, struct tel_str key)
{
	struct tel_tree_node *node = tree->root, *best = NULL;

	while (node) {
		if (compare(tel_tree_key(node), key) < 0) {
			best = node;
			node = node->right;
		} else {
			node = node->left;
		}
	}
	return best;
}

void tel_tree_clear(struct tel_tree *tree, void (*release)(struct tel_tree_node *node))
{
	struct tel_tree_node *node = tree->root, *left;

	/* Turn left children up until there are none: no recursion. */
	while (node) {
		left = node->left;
		if (left) {
			node->left = left->right;
			left->right = node;
			node = left;
			continue;
		}
		left = node->right;
		if (release)
			release(node);
		free(node);
		node = left;
	}
	*tree = (struct tel_tree){ 0 };
}
