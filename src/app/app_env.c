#include "config.h"

#include "app/app.h"
#include "base/banned.h"

struct tel_decide_env tel_app_env(const struct tel_app *app)
{
	return (struct tel_decide_env){
		.now = tel_now(app->clock),
		.self = app->process->ops->self(app->process),
		.policy = &app->policy,
	};
}

enum tel_err tel_app_drawn_env(const struct tel_app *app, struct tel_decide_env *env)
{
	*env = tel_app_env(app);
	return tel_random_fill(app->random, &env->random, sizeof(env->random));
}
