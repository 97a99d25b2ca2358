namespace Seedance.Onnx;

/// <summary>The threads that a pipeline's graphs are run on.</summary>
[Trait("Tier", "Unit")]
public sealed class WorkThreadsTests
{
    [Fact]
    public async Task RunAsync_OneThread_DoesEverythingThereInOrder()
    {
        using WorkThreads threads = new(1);
        List<int> done = [];

        (int Thread, bool IsPool)[] where = await Task.WhenAll(Enumerable.Range(0, 20).Select(index => threads.RunAsync(
            () =>
            {
                done.Add(index);
                return (Environment.CurrentManagedThreadId, Thread.CurrentThread.IsThreadPoolThread);
            },
            CancellationToken.None)));

        Assert.Equal(Enumerable.Range(0, 20), done);
        Assert.False(Assert.Single(where.Distinct()).IsPool);
    }

    [Fact]
    public async Task RunAsync_TwoThreads_DoesTwoAtOnce()
    {
        using WorkThreads threads = new(2);
        using Barrier both = new(2);

        bool[] met = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => threads.RunAsync(() => both.SignalAndWait(TimeSpan.FromSeconds(30)), CancellationToken.None)));

        Assert.Equal([true, true], met);
    }

    [Fact]
    public async Task RunAsync_WhoWaits_GoesOnElsewhere()
    {
        using WorkThreads threads = new(1);

        (int own, int after) = await GoOnAsync(threads);

        Assert.NotEqual(own, after);
    }

    [Fact]
    public async Task Dispose_WorkIsLeft_IsDoneFirst()
    {
        WorkThreads threads = new(1);
        Task<int>[] work = [.. Enumerable.Range(0, 5).Select(index => threads.RunAsync(() => index, CancellationToken.None))];

        threads.Dispose();

        Assert.All(work, task => Assert.True(task.IsCompletedSuccessfully));
        Assert.Equal(Enumerable.Range(0, 5), await Task.WhenAll(work));
    }

    private static async Task<(int Own, int After)> GoOnAsync(WorkThreads threads)
    {
        int own = await threads.RunAsync(() => Environment.CurrentManagedThreadId, CancellationToken.None).ConfigureAwait(false);
        return (own, Environment.CurrentManagedThreadId);
    }
}
