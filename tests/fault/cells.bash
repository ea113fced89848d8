# cells.bash - for matrix.bash: the operations, the faults, and how a run of the
# one under the other may end. Sourced; $cloud is set.
# shellcheck shell=bash disable=SC2034,SC2154 # matrix.bash reads and sets

# name|kind|the request that the fault strikes; kinds are the columns of FAULTS
OPERATIONS='whoami|read|*
machines|read|list-machines
images|read|list-images
capture|make|image
snapshot|make|snapshot
provision|make|create
look-image|look|list-images
look-machine|look|list-machines
task|task|get-task
capture-off|stop|stop
power-off|stop|stop
power-on|start|start
del-machine|end|delete
del-image|end|drop-image
look-gone|look|list-machines'

# The statuses that a run may end with, struck once/every time:
#	read	one question: the rows, whole, or a failure
#	make	what makes an image or a machine; the lists show it, so a reply
#		that is lost or cannot be read costs nothing
#	look	a list, while something is made or deleted
#	task	the question what became of a create
#	stop	a clean stop
#	start	a start
#	end	a delete
# An empty one: there is no such fault there. 69,75: whether the third try or
# the deadline is first depends on how long the tries take; 0,75: so many bytes
# take a slow machine minutes by the fast clock. What vanishes or is ignored is
# asked for again where no id was told (0), and else is 69; a deletion that is
# no task cannot fail later (0).
#name|JSON members|read|make|look|task|stop|start|end
FAULTS='401|"fault": "status", "status": 401|77/77|77/77|77/77|77/77|77/77|77/77|77/77
403|"fault": "status", "status": 403|77/77|77/77|77/77|77/77|77/77|77/77|77/77
404|"fault": "status", "status": 404|69/69|69/69|69/69|0/0|69/69|69/69|0/75
422|"fault": "status", "status": 422|69/69|69/69|69/69|69/69|69/69|69/69|69/69
429|"fault": "status", "status": 429, "retry_after": 2|0/75|0/75|0/75|0/75|0/75|0/75|0/75
500|"fault": "status", "status": 500|0/75|0/69,75|0/75|0/75|0/75|0/75|0/75
503|"fault": "status", "status": 503|0/75|0/69,75|0/75|0/75|0/75|0/75|0/75
html|"fault": "html"|0/75|0/69,75|0/75|0/75|0/75|0/75|0/75
cut-before|"fault": "cut-before"|0/75|0/69,75|0/75|0/75|0/75|0/75|0/75
cut-after|"fault": "cut-after"|0/75|0/0|0/75|0/75|0/0|0/0|0/0
slow|"fault": "slow", "ms": 100|0/0|0/0|0/0|0/0|0/0|0/0|0/0
truncated|"fault": "truncated"|0/75|0/0|0/75|0/75|0/0|0/0|0/0
oversized|"fault": "oversized", "mb": 40|0/75|0,75/0,75|0/75|0/75|0,75/0,75|0,75/0,75|0,75/0,75
not-json|"fault": "invalid-json"|76/76|0/0|76/76|76/76|0/0|0/0|0/0
no-member|"fault": "missing-member", "member": "MEMBER"|76/76|0/0|76/76|76/76|0/0|0/0|0/0
odd-member|"fault": "wrong-type", "member": "MEMBER"|76/76|0/0|76/76|76/76|0/0|0/0|0/0
no-rows|"fault": "missing-member", "member": "ROWS"|76/76||76/76||||
odd-rows|"fault": "wrong-type", "member": "ROWS"|76/76||76/76||||
no-page|"fault": "missing-member", "member": "PAGE"|76/76||76/76||||
redirect|"fault": "redirect", "location": "http://127.0.0.1:9/"|69/69|69/69|69/69|69/69|69/69|69/69|69/69
failed|"fault": "action-error", "message": "no room"||69/69|||0/75|0/75|0/75,0
vanish|"fault": "vanish"||0,69/69,75||||||
stuck|"fault": "stuck"||75/75|||0,75/75|75/75|0,75/0,75
ignored|"fault": "ignored"||0,69,75/69,75|||0,75/75|0,75/75|0,75/0,75'

# What is needed of a reply, so that a run cannot go on without. Of a stop, a
# start and a delete nothing is: the lists show what they did.
#cloud|request|a member|the rows|what says whether there is another page
NEEDED='digitalocean|whoami|account.email||
digitalocean|list-machines|droplets.0.status|droplets|links
digitalocean|list-images|snapshots.0.regions|snapshots|links
digitalocean|image|action.id||
digitalocean|create|droplet.id||
digitalocean|get-task|action.status||
linode|whoami|username||
linode|list-machines|data.0.status|data|pages
linode|list-images|data.0.status|data|pages
linode|list-tasks|data.0.status|data|
linode|image|id||
linode|create|id||
vultr|whoami|account.email||
vultr|list-machines|instances.0.status|instances|meta
vultr|list-images|snapshots.0.status|snapshots|meta
vultr|image|snapshot.id||
vultr|create|instance.id||
exoscale|whoami|instances||
exoscale|list-machines|instances.0.state|instances|
exoscale|list-images|templates.0.zones|templates|
exoscale|snapshot|id||
exoscale|image|id||
exoscale|create|id||
exoscale|get-task|state||'

# needed CLOUD REQUEST - sets member, member_rows, member_page; "" for none.
needed() {
	IFS='|' read -r _ _ member member_rows member_page \
	    <<<"$(grep "^$1|$2|" <<<"$NEEDED")"
}

# exception CLOUD/OPERATION/FAULT - sets allowed where this cloud is another
# case, and says why.
exception() {
	case $1 in
	# a page without links, but with meta.total: these are all
	digitalocean/*/no-page) allowed=0/0 ;;
	# a stop that does not come is made a hard one, another request there
	digitalocean/*-off/5* | digitalocean/*-off/html | \
	    digitalocean/*-off/cut-before | digitalocean/*-off/failed | \
	    digitalocean/*-off/ignored)
		allowed=0/0
		;;
	# there a creation is no task that could fail
	linode/provision/failed | vultr/provision/failed) allowed=0/0 ;;
	# an image shows there when it is whole: one whose create was not
	# answered is waited for longer than a run has, then made by the next
	exoscale/capture/5* | exoscale/capture/html | \
	    exoscale/capture/cut-before)
		allowed=75/75
		;;
	esac
}
