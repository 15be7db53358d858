META
key;value
description;"Ballot of a neighbourhood; all ages"
country;Iran
unit;Tehran
instance;1405
num_projects;5
num_votes;9
budget;1000000
vote_type;approval
rule;greedy
date_begin;2026
date_end;2026
min_length;1
max_length;3
PROJECTS
project_id;cost;category;name;selected
1;450000;parks;بوستان محلّه;1
2;300000;lights;روشنایی کوچهٔ سوم;1
3;250000,5;parks;"نیمکت; سایه‌بان";0
4;700000;streets;پیاده‌رو;0
5;100000;culture;کتابخانه;1
VOTES
voter_id;age;vote;voting_method
a1;34;1,2,5;internet
a2;27;1,5;internet
a3;61;2,3;paper
a4;45;4;paper
a5;19;1,4,5;internet
a6;33;2,5;internet
a7;52;1,3;paper
a8;70;4,2;paper
a9;41;5;internet
