using Microsoft.EntityFrameworkCore;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>The store alone: who comes first, and who comes too late.</summary>
[Trait("Tier", "Unit")]
public sealed class JobStoreTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly JobStore _store;

    public JobStoreTests()
    {
        _store = Open();
    }

    public Task InitializeAsync() => _store.OpenAsync(default);

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _store.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public async Task ClaimAsync_SeveralWait_TakesTheHighestPriorityThenTheOldest()
    {
        foreach ((string id, int priority) in new[] { ("a", 5), ("b", 9), ("c", 5), ("d", 0) })
        {
            await _store.AddAsync(Job(id, priority), 100, default);
        }

        List<string> order = [];
        while (await _store.ClaimAsync(default) is { } job)
        {
            Assert.Equal((JobStatus.Running, 1), (job.Status, job.Attempts));
            order.Add(job.Id);
        }

        Assert.Equal(["b", "a", "c", "d"], order);
    }

    [Fact]
    public async Task ClaimAsync_ManyAtOnce_GiveEachJobOnce()
    {
        for (int i = 0; i < 40; i++)
        {
            await _store.AddAsync(Job($"j{i}"), 100, default);
        }

        VideoJob?[] claimed = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Task.Run(() => _store.ClaimAsync(default))));

        Assert.Equal(40, claimed.Count(job => job is not null));
        Assert.Equal(40, claimed.OfType<VideoJob>().Select(job => job.Id).Distinct().Count());
    }

    [Fact]
    public async Task AddAsync_QueueFull_GivesNothing()
    {
        Assert.NotNull(await _store.AddAsync(Job("a"), 1, default));
        Assert.Null(await _store.AddAsync(Job("b"), 1, default));
        _ = await _store.ClaimAsync(default);
        Assert.NotNull(await _store.AddAsync(Job("c"), 1, default));
    }

    [Fact]
    public async Task EndAsync_AttemptThatRunsNoMore_ChangesNothing()
    {
        await _store.AddAsync(Job("a"), 10, default);
        VideoJob first = (await _store.ClaimAsync(default))!;
        Assert.Equal((1, 0), await _store.RecoverAsync(maxAttempts: 3));
        VideoJob second = (await _store.ClaimAsync(default))!;

        Assert.False(await _store.EndAsync(first, JobEnd.Failed("x", "y"), null));
        Assert.True(await _store.EndAsync(second, JobEnd.Succeeded, 42));
        Assert.False(await _store.EndAsync(second, JobEnd.Failed("x", "y"), null));

        VideoJob end = (await _store.FindAsync("a", default))!;
        Assert.Equal((JobStatus.Succeeded, 2, 42L, null), (end.Status, end.Attempts, end.FilesUntil!.Value, end.ErrorCode));
    }

    [Fact]
    public async Task RecoverAsync_TooManyAttempts_FailsTheJob()
    {
        await _store.AddAsync(Job("a"), 10, default);
        for (int i = 0; i < 2; i++)
        {
            _ = await _store.ClaimAsync(default);
            await _store.RecoverAsync(maxAttempts: 3);
        }

        _ = await _store.ClaimAsync(default);
        Assert.Equal((0, 1), await _store.RecoverAsync(maxAttempts: 3));

        Assert.Equal((JobStatus.Failed, "attempts_exhausted"), ((await _store.FindAsync("a", default))!.Status, (await _store.FindAsync("a", default))!.ErrorCode));
    }

    [Fact]
    public async Task PutBackAsync_RunningJob_WaitsAgainAndIsNotCounted()
    {
        await _store.AddAsync(Job("a"), 10, default);
        VideoJob job = (await _store.ClaimAsync(default))!;

        await _store.PutBackAsync(job);

        Assert.Equal((JobStatus.Queued, 0), ((await _store.FindAsync("a", default))!.Status, (await _store.FindAsync("a", default))!.Attempts));
    }

    [Fact]
    public async Task FindAsync_OfAnotherOwner_FindsNothing()
    {
        await _store.AddAsync(Job("a"), 10, default);

        Assert.NotNull(await _store.FindAsync("alice", "a", default));
        Assert.Null(await _store.FindAsync("bob", "a", default));
    }

    [Fact]
    public async Task OpenAsync_StoreOfAnotherVersion_IsRefused()
    {
        await using (JobDatabase database = new Factory(_folder.PathOf("jobs.db")).CreateDbContext())
        {
            await database.Database.ExecuteSqlRawAsync("PRAGMA user_version = 99");
        }

        using JobStore other = Open();
        HostSettingsException error = await Assert.ThrowsAsync<HostSettingsException>(() => other.OpenAsync(default));
        Assert.Contains("must be of version", error.Message, StringComparison.Ordinal);
    }

    private static VideoJob Job(string id, int priority = 5) => new()
    {
        Id = id,
        Owner = "alice",
        Model = "m",
        Priority = priority,
        Order = new VideoOrder { Prompt = "a red ball", Width = 48, Height = 32, Frames = 5, Fps = 8, Seed = 7 },
    };

    private JobStore Open() => new(new Factory(_folder.PathOf("jobs.db")), TimeProvider.System);

    private sealed class Factory(string path) : IDbContextFactory<JobDatabase>
    {
        public JobDatabase CreateDbContext() => new(new DbContextOptionsBuilder<JobDatabase>().UseSqlite($"Data Source={path}").Options);
    }
}
