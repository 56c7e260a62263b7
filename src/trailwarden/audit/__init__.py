"""The audit of the monitoring controls of CIS AWS Foundations: would somebody be told, and through which chain?

    trail -> log group -> metric filter -> alarm -> topic -> subscriber          the way through CloudWatch
    trail -> feed -> rules -> sinks -> an alert that was taken                   the way through Trailwarden, to a SIEM

Read in this order: `controls` (what is to be seen), `samples` (the events that show it), `judgement` (which of them patterns
select), `lists` (what AWS answered), `alarms`, `chain` (which of them reach a person), `report`.
"""
