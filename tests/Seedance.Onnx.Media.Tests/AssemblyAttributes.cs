// Tests start processes and write scripts that they run: a fork in one test would hold another test's script open.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
