/* target.h - one thing that a run drives to its wanted state. */
#ifndef CLOUD_TARGET_H
#define CLOUD_TARGET_H

#include "cloud/world.h"

enum goal {
	GOAL_IMAGE,    /* a ready image of the machine; see capture.h */
	GOAL_MACHINE,  /* a running machine from the image; see provision.h */
	GOAL_ON,       /* the machine runs */
	GOAL_OFF,      /* the machine is stopped */
	GOAL_GONE,     /* there is no such machine */
	GOAL_NO_IMAGE, /* there is no such image */
};

/* What can be asked of a cloud to bring a target nearer to its goal. The names
 * of step_name() are in the journal, so they do not change. */
enum step {
	STEP_WAIT, /* ask nothing; look again */
	STEP_DONE,
	STEP_FAIL, /* target->err says why */
	STEP_STOP, /* cleanly */
	STEP_KILL, /* power off */
	STEP_START,
	STEP_INSPECT,  /* what only a question about this machine tells */
	STEP_SNAPSHOT, /* the intermediate one */
	STEP_IMAGE,
	STEP_DROP_SNAPSHOT,
	STEP_DROP_IMAGE,
	STEP_CREATE, /* the machine */
	STEP_ATTACH_NETWORK,
	STEP_ATTACH_FIREWALL,
	STEP_DELETE, /* the machine */
	STEP_ASK,    /* what became of the task of our create */
	STEP_COUNT,
};

const char *step_name(enum step);
enum step step_by_name(const char *name); /* STEP_COUNT: no such step */

/* Is a second one a second thing? Such a step is journaled before it goes. */
bool step_creates(enum step);

/* Do the lists show what it did? The others' replies alone tell. */
bool step_shows(enum step step);

struct target {
	/* What is wanted; set before the run, kept in the journal. */
	enum goal goal;
	char label[32];		 /* GOAL_IMAGE: the machine type */
	char machine[NAME_SIZE]; /* its name; GOAL_ON to GOAL_GONE: its id */
	char image[NAME_SIZE];	 /* GOAL_IMAGE: the name chosen for it;
				  * GOAL_MACHINE, GOAL_NO_IMAGE: its id */
	/* GOAL_MACHINE, names as the operator knows them; "" leaves each to
	 * the cloud, and so does "?name" where it is not there. */
	char size[64], vpc[NAME_SIZE], firewall[NAME_SIZE], ssh_key[NAME_SIZE];
	char tag[64];
	char login_user[64]; /* GOAL_IMAGE: whose keys the cloud puts into it */
	char user_data_file[1024];
	bool power_off;	     /* GOAL_IMAGE: stop the machine first */
	unsigned at_once;    /* so many of its kind may be off; 0: one */
	unsigned deadline_s; /* 0: by the disk's size */

	/* What observation cannot tell; kept in the journal. */
	bool abandoned;	    /* what the run made of it is to go */
	bool restore_power; /* it ran before we stopped it */
	bool was_off;	    /* and the stop has had its effect */
	enum step sent;	    /* the last create that was sent, or STEP_WAIT */
	int64_t sent_s;	    /* when, epoch */
	unsigned tries;	    /* how often it was sent */
	char task_id[ID_SIZE];
	int64_t task_floor; /* the newest task before ours */
	char before[1024];  /* ids of the snapshots before ours, words */
	char disk_id[ID_SIZE];
	bool inspected;
	/* what the names above are to the cloud, found before the create */
	char size_id[ID_SIZE], vpc_id[ID_SIZE], subnet_id[ID_SIZE];
	char firewall_id[ID_SIZE], ssh_key_id[ID_SIZE];
	bool network_attached, firewall_attached;
	bool finished; /* the goal was reached, the answer is below */

	/* This run's own; user_data is owned, the file's text or NULL;
	 * root_password is borrowed from the run. */
	char *user_data;
	const char *root_password;
	int64_t missing_s; /* since when the thing created is looked for */
	int64_t busy_s;	   /* when the cloud said that it is too busy */
	enum step acted;   /* the last step sent, and when */
	int64_t acted_s;
	int64_t asked_s;	    /* when STEP_ASK was */
	int64_t stop_s;		    /* when the clean stop was sent */
	bool may_stop;		    /* it is its turn to be off */
	int64_t turn_s;		    /* so long did it wait for its turn */
	unsigned did;		    /* steps sent: 1u << step each */
	enum task_state task_state; /* as STEP_ASK learned it */
	char task_text[200];

	/* The answer, and how far it is. */
	char machine_id[ID_SIZE], snapshot_id[ID_SIZE], image_id[ID_SIZE];
	char region[64], machine_size[64], created[32];
	char public_ipv4[ADDRESS_SIZE], private_ipv4[ADDRESS_SIZE];
	uint64_t size_bytes;
	unsigned disk_gb;
	const char *doing; /* in words, for the progress */
	int percent;	   /* -1: not said */
	bool giving_up;	   /* only power is restored now; err says why */
	bool may_come;	   /* of a create that did not fail: look for it */
	bool failed;
	struct err err;
};

/* Frees what the target owns. */
void target_free(struct target *);

/* Forgets the attempt that failed for good: the next run begins anew, under
 * the same names. */
void target_forget(struct target *);

#endif
