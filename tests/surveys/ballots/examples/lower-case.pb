meta
key;value
vote_type;approval
budget;100000
num_votes;3

projects
project_id;cost
p1;50000
p2;50000
p3;60000

votes
vote
p1
p2,p3
p3
