#include "config.h"

#include "ports/livekit.h"

const char *tel_lk_method_text(enum tel_lk_method method)
{
	static const char *const names[TEL_LK_METHODS] = {
		[TEL_LK_CREATE_DISPATCH] = "CreateDispatch",
		[TEL_LK_LIST_DISPATCH] = "ListDispatch",
		[TEL_LK_LIST_PARTICIPANTS] = "ListParticipants",
		[TEL_LK_DELETE_ROOM] = "DeleteRoom",
		[TEL_LK_CREATE_ROOM] = "CreateRoom",
		[TEL_LK_GET_PARTICIPANT] = "GetParticipant",
		[TEL_LK_CREATE_SIP_PARTICIPANT] = "CreateSIPParticipant",
		[TEL_LK_TRANSFER_SIP_PARTICIPANT] = "TransferSIPParticipant",
		[TEL_LK_DELETE_DISPATCH] = "DeleteDispatch",
		[TEL_LK_LIST_ROOMS] = "ListRooms",
	};

	return (unsigned)method < TEL_LK_METHODS ? names[method] : "?";
}

const char *tel_lk_verdict_text(enum tel_lk_verdict verdict)
{
	static const char *const names[] = {
		[TEL_LK_DONE] = "done",
		[TEL_LK_GONE] = "gone",
		[TEL_LK_REFUSED] = "refused",
		[TEL_LK_TRY_LATER] = "try_later",
		[TEL_LK_UNKNOWN] = "unknown",
		[TEL_LK_NOT_SENT] = "not_sent",
	};

	return (unsigned)verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : "?";
}
