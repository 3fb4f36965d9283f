#include "config.h"

#include "ports/routing.h"

void tel_route_release(struct tel_route *route)
{
	tel_arena_release(&route->mem);
	*route = (struct tel_route){ 0 };
}
