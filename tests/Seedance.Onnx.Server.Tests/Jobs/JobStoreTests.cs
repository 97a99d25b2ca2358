using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>The store alone: who comes first, and who comes too late. The same in each database that it can lie in.</summary>
public abstract class JobStoreTests : IDisposable
{
    private readonly List<JobStore> _stores = [];

    public void Dispose()
    {
        _stores.ForEach(store => store.Dispose());
        Clean();
        GC.SuppressFinalize(this);
    }

    /// <summary>The database: the same for one test.</summary>
    private protected abstract Task<IStoreEngine> FindEngineAsync();

    /// <summary>Removes the database.</summary>
    private protected abstract void Clean();

    [SkippableFact]
    public async Task ClaimAsync_SeveralWait_TakesTheHighestPriorityThenTheOldest()
    {
        JobStore store = await OpenAsync();
        foreach ((string id, int priority) in new[] { ("a", 5), ("b", 9), ("c", 5), ("d", 0) })
        {
            await store.AddAsync(Job(id, priority), 100, default);
        }

        List<string> order = [];
        while (await store.ClaimAsync(default) is { } job)
        {
            Assert.Equal((JobStatus.Running, 1), (job.Status, job.Attempts));
            order.Add(job.Id);
        }

        Assert.Equal(["b", "a", "c", "d"], order);
    }

    [SkippableFact]
    public async Task ClaimAsync_ManyAtOnce_GiveEachJobOnce()
    {
        JobStore store = await OpenAsync();
        for (int i = 0; i < 40; i++)
        {
            await store.AddAsync(Job($"j{i}"), 100, default);
        }

        VideoJob?[] claimed = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Task.Run(() => store.ClaimAsync(default))));

        Assert.Equal(40, claimed.Count(job => job is not null));
        Assert.Equal(40, claimed.OfType<VideoJob>().Select(job => job.Id).Distinct().Count());
    }

    [SkippableFact]
    public async Task AddAsync_QueueFull_GivesNothing()
    {
        JobStore store = await OpenAsync();
        Assert.NotNull(await store.AddAsync(Job("a"), 1, default));
        Assert.Null(await store.AddAsync(Job("b"), 1, default));
        _ = await store.ClaimAsync(default);
        Assert.NotNull(await store.AddAsync(Job("c"), 1, default));
    }

    [SkippableFact]
    public async Task EndAsync_AttemptThatRunsNoMore_ChangesNothing()
    {
        JobStore store = await OpenAsync();
        await store.AddAsync(Job("a"), 10, default);
        VideoJob first = (await store.ClaimAsync(default))!;
        Assert.Equal((1, 0), await store.RecoverAsync(_ => true, maxAttempts: 3));
        VideoJob second = (await store.ClaimAsync(default))!;

        Assert.False(await store.EndAsync(first, JobEnd.Failed("x", "y"), null));
        Assert.True(await store.EndAsync(second, JobEnd.Succeeded, 42));
        Assert.False(await store.EndAsync(second, JobEnd.Failed("x", "y"), null));

        VideoJob end = (await store.FindAsync("a", default))!;
        Assert.Equal((JobStatus.Succeeded, 2, 42L, null), (end.Status, end.Attempts, end.FilesUntil!.Value, end.ErrorCode));
    }

    [SkippableFact]
    public async Task RecoverAsync_TooManyAttempts_FailsTheJob()
    {
        JobStore store = await OpenAsync();
        await store.AddAsync(Job("a"), 10, default);
        for (int i = 0; i < 2; i++)
        {
            _ = await store.ClaimAsync(default);
            await store.RecoverAsync(_ => true, maxAttempts: 3);
        }

        _ = await store.ClaimAsync(default);
        Assert.Equal((0, 1), await store.RecoverAsync(_ => true, maxAttempts: 3));

        Assert.Equal((JobStatus.Failed, "attempts_exhausted"), ((await store.FindAsync("a", default))!.Status, (await store.FindAsync("a", default))!.ErrorCode));
    }

    [SkippableFact]
    public async Task PutBackAsync_RunningJob_WaitsAgainAndIsNotCounted()
    {
        JobStore store = await OpenAsync();
        await store.AddAsync(Job("a"), 10, default);
        VideoJob job = (await store.ClaimAsync(default))!;

        await store.PutBackAsync(job);

        Assert.Equal((JobStatus.Queued, 0), ((await store.FindAsync("a", default))!.Status, (await store.FindAsync("a", default))!.Attempts));
    }

    [SkippableFact]
    public async Task FindAsync_OfAnotherOwner_FindsNothing()
    {
        JobStore store = await OpenAsync();
        await store.AddAsync(Job("a"), 10, default);

        Assert.NotNull(await store.FindAsync("alice", "a", default));
        Assert.Null(await store.FindAsync("bob", "a", default));
    }

    [SkippableFact]
    public async Task BeatAsync_AttemptThatRunsNoMore_IsTold()
    {
        JobStore store = await OpenAsync();
        await store.AddAsync(Job("a"), 10, default);
        VideoJob first = (await store.ClaimAsync(default))!;
        JobProgress half = JobProgress.None with { Stage = GenerationStage.Denoise, Step = 1, Steps = 2 };

        Assert.True(await store.BeatAsync(first, half));
        Assert.Equal((half, 1), ((await store.FindAsync("a", default))!.Progress, (await store.FindAsync("a", default))!.Beats));
        Assert.True(await store.PutBackAsync(first));
        Assert.False(await store.BeatAsync(first, half));
        Assert.Null((await store.FindAsync("a", default))!.Progress);

        // The same attempt by its count, but not the same.
        VideoJob second = (await store.ClaimAsync("a", default))!;
        Assert.Equal(first.Attempts, second.Attempts);
        Assert.False(await store.PutBackAsync(first));
        Assert.False(await store.EndAsync(first, JobEnd.Succeeded, 1));
        await store.RemoveAsync(second);
        Assert.False(await store.BeatAsync(second, half));
    }

    [SkippableFact]
    public async Task SetOfferedAsync_JobThatWasTakenMeanwhile_StaysUnoffered()
    {
        JobStore store = await OpenAsync();
        await store.AddAsync(Job("a"), 10, default);
        await store.AddAsync(Job("b", priority: 9), 10, default);
        List<VideoJob> read = await store.FindUnofferedAsync(10, default);
        Assert.Equal(["b", "a"], read.Select(job => job.Id));

        await store.PutBackAsync((await store.ClaimAsync("a", default))!);
        foreach (VideoJob job in read)
        {
            await store.SetOfferedAsync(job);
        }

        Assert.Equal(["a"], (await store.FindUnofferedAsync(10, default)).Select(job => job.Id));
        Assert.Equal([(9, 1)], (await store.CountOfferedAsync(default)).Select(count => (count.Key, count.Value)));
        Assert.Equal(1, await store.SetUnofferedAsync(9));
        Assert.Equal(2, (await store.FindUnofferedAsync(10, default)).Count);
    }

    [SkippableFact]
    public async Task ClaimAsync_ByIdInTwoProcesses_GivesItToOne()
    {
        JobStore one = await OpenAsync(), other = await OpenAsync();
        await one.AddAsync(Job("a"), 10, default);

        VideoJob?[] claimed = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => (i % 2 == 0 ? one : other).ClaimAsync("a", default))));

        Assert.Single(claimed.OfType<VideoJob>());
        Assert.Null(await one.ClaimAsync("unknown", default));
    }

    [SkippableFact]
    public async Task AddAsync_FromTwoProcessesAtOnce_KeepsKeysAndTheLimit()
    {
        JobStore one = await OpenAsync(), other = await OpenAsync();

        VideoJob?[] added = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() =>
        {
            VideoJob job = Job($"j{i}");
            job.IdempotencyKey = $"key {i / 2}";
            return (i % 2 == 0 ? one : other).AddAsync(job, 10, default);
        })));

        Assert.Equal(10, (await one.FindAsync(_ => true, default)).Count);
        Assert.Equal(10, added.OfType<VideoJob>().Select(job => job.Id).Distinct().Count());
    }

    [SkippableFact]
    public async Task JobWatch_OnlyBeatsKeepAJob()
    {
        JobStore store = await OpenAsync();
        await store.AddAsync(Job("alive"), 10, default);
        await store.AddAsync(Job("gone"), 10, default);
        VideoJob alive = (await store.ClaimAsync("alive", default))!, gone = (await store.ClaimAsync("gone", default))!;
        using JobWatch watch = new(store, new JobNews(), readiness: null!, new ServerOptions { LeaseSeconds = 3, MaxAttempts = 2 }, TimeProvider.System, NullLogger<JobWatch>.Instance);

        for (int look = 0; look < 4; look++)
        {
            Assert.Equal(JobStatus.Running, (await store.FindAsync("gone", default))!.Status);
            await watch.LookAsync(default);
            await store.BeatAsync(alive, progress: null);
        }

        Assert.Equal((JobStatus.Running, JobStatus.Queued), ((await store.FindAsync("alive", default))!.Status, (await store.FindAsync("gone", default))!.Status));
        Assert.False(await store.EndAsync(gone, JobEnd.Succeeded, 1));
        Assert.True(await store.EndAsync(alive, JobEnd.Succeeded, 1));
    }

    private protected static VideoJob Job(string id, int priority = 5) => new()
    {
        Id = id,
        Owner = "alice",
        Model = "m",
        Priority = priority,
        Order = new VideoOrder { Prompt = "a red ball", Width = 48, Height = 32, Frames = 5, Fps = 8, Seed = 7 },
    };

    private protected async Task<JobStore> OpenAsync()
    {
        IStoreEngine engine = await FindEngineAsync();
        JobStore store = new(new Factory(engine), engine, TimeProvider.System);
        _stores.Add(store);
        await store.OpenAsync(default);
        return store;
    }

    private protected sealed class Factory(IStoreEngine engine) : IDbContextFactory<JobDatabase>
    {
        public JobDatabase CreateDbContext()
        {
            DbContextOptionsBuilder<JobDatabase> options = new();
            engine.Configure(options);
            return new JobDatabase(options.Options);
        }
    }
}
