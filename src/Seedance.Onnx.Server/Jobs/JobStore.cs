using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>
/// The jobs, on disk. Every change is one statement or one transaction that names the state it starts from, so that a process may end at any moment, and whoever comes second
/// finds that nothing is left to change.
/// </summary>
/// <remarks>Safe for several threads. SQLite takes one writer at a time: writers of this process wait for one another here, which is faster than to be sent away and to come again.</remarks>
internal sealed class JobStore(IDbContextFactory<JobDatabase> databases, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _writer = new(1, 1);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Makes the file if it is not there.</summary>
    /// <exception cref="HostSettingsException">Another version of this program wrote it.</exception>
    public Task OpenAsync(CancellationToken cancellationToken) => WriteAsync(async database =>
    {
        _ = await database.Database.EnsureCreatedAsync(cancellationToken).ConfigureAwait(false);
        _ = await database.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = wal", cancellationToken).ConfigureAwait(false);
        int version = (await database.Database.SqlQueryRaw<int>("SELECT user_version AS Value FROM pragma_user_version").ToListAsync(cancellationToken).ConfigureAwait(false))[0];
        if (version is not (0 or JobDatabase.Version))
        {
            throw new HostSettingsException(database.Database.GetDbConnection().DataSource, [$"the store must be of version {JobDatabase.Version}, but is of version {version}. Use the program that wrote it, or another data_folder."]);
        }

        return await database.Database.ExecuteSqlRawAsync($"PRAGMA user_version = {JobDatabase.Version}", cancellationToken).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>Takes a job in, unless one with the same idempotency key is there already, or too many wait.</summary>
    /// <param name="job">The job; it gets its number.</param>
    /// <param name="maxQueued">How many may wait.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The job; or the one that was there; null where too many wait.</returns>
    public async Task<VideoJob?> AddAsync(VideoJob job, int maxQueued, CancellationToken cancellationToken) => (await AddAsync([job], maxQueued, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Takes several jobs in, in one transaction, each as if it came alone.</summary>
    /// <param name="jobs">The jobs; they get their numbers.</param>
    /// <param name="maxQueued">How many may wait.</param>
    /// <param name="cancellationToken">Stops it; none is taken then.</param>
    /// <returns>For each of them: itself; or the one that was there; null where too many wait.</returns>
    public Task<VideoJob?[]> AddAsync(IReadOnlyList<VideoJob> jobs, int maxQueued, CancellationToken cancellationToken) => WriteAsync(async database =>
    {
        IDbContextTransaction together = await database.Database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ending = together.ConfigureAwait(false);
        int queued = await database.Jobs.CountAsync(row => row.Status == JobStatus.Queued, cancellationToken).ConfigureAwait(false);
        VideoJob?[] added = new VideoJob?[jobs.Count];
        foreach ((int index, VideoJob job) in jobs.Index())
        {
            VideoJob? before = job.IdempotencyKey is not { } key ? null
                : added.FirstOrDefault(other => other is { } same && same.Owner == job.Owner && same.IdempotencyKey == key) ?? await FindByKeyAsync(database, job.Owner, key, cancellationToken).ConfigureAwait(false);
            added[index] = before ?? (queued < maxQueued ? job : null);
            if (added[index] == job)
            {
                _ = database.Jobs.Add(job);
                queued += job.Status == JobStatus.Queued ? 1 : 0;
            }
        }

        _ = await database.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
        await together.CommitAsync(cancellationToken).ConfigureAwait(false);
        return added;
    }, cancellationToken);

    /// <summary>The job that came with a key.</summary>
    public Task<VideoJob?> FindByKeyAsync(string owner, string key, CancellationToken cancellationToken) =>
        ReadAsync(database => FindByKeyAsync(database, owner, key, cancellationToken), cancellationToken);

    /// <summary>A job by its id; null where there is none, or it is somebody else's.</summary>
    public Task<VideoJob?> FindAsync(string owner, string id, CancellationToken cancellationToken) =>
        ReadAsync(database => Owned(database, owner).FirstOrDefaultAsync(row => row.Id == id, cancellationToken), cancellationToken);

    /// <summary>A job by its id, whoever asked for it.</summary>
    public Task<VideoJob?> FindAsync(string id, CancellationToken cancellationToken) =>
        ReadAsync(database => database.Jobs.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id, cancellationToken), cancellationToken);

    /// <summary>Reads the jobs of an owner as a query says.</summary>
    public Task<T> QueryAsync<T>(string owner, Func<IQueryable<VideoJob>, Task<T>> query, CancellationToken cancellationToken) =>
        ReadAsync(database => query(Owned(database, owner)), cancellationToken);

    /// <summary>How many jobs of all owners are in a state.</summary>
    public Task<Dictionary<JobStatus, int>> CountAsync(CancellationToken cancellationToken) => ReadAsync(
        database => database.Jobs.GroupBy(row => row.Status).Select(group => new { group.Key, Count = group.Count() }).ToDictionaryAsync(group => group.Key, group => group.Count, cancellationToken),
        cancellationToken);

    /// <summary>How many jobs go before a job that waits.</summary>
    public Task<int> CountBeforeAsync(VideoJob job, CancellationToken cancellationToken) => ReadAsync(
        database => database.Jobs.CountAsync(
            row => row.Status == JobStatus.Queued && (row.Priority > job.Priority || (row.Priority == job.Priority && row.Number < job.Number)), cancellationToken),
        cancellationToken);

    /// <summary>Begins the job whose turn it is.</summary>
    /// <returns>The job, running, its attempt counted; null where none waits.</returns>
    public Task<VideoJob?> ClaimAsync(CancellationToken cancellationToken) => WriteAsync(async database =>
    {
        while (await database.Jobs.AsNoTracking().Where(row => row.Status == JobStatus.Queued).OrderByDescending(row => row.Priority).ThenBy(row => row.Number)
            .FirstOrDefaultAsync(cancellationToken).ConfigureAwait(false) is { } next)
        {
            long now = Now;
            int claimed = await database.Jobs.Where(row => row.Number == next.Number && row.Status == JobStatus.Queued).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Status, JobStatus.Running).SetProperty(row => row.Attempts, row => row.Attempts + 1).SetProperty(row => row.UpdatedAt, now),
                cancellationToken).ConfigureAwait(false);
            if (claimed == 1)
            {
                return await database.Jobs.AsNoTracking().FirstAsync(row => row.Number == next.Number, cancellationToken).ConfigureAwait(false);
            }
        }

        return null;
    }, cancellationToken);

    /// <summary>Ends an attempt that is still the one that runs.</summary>
    /// <param name="job">The job as it was claimed.</param>
    /// <param name="end">How it ended.</param>
    /// <param name="filesUntil">How long its files stay; null where there are none.</param>
    /// <returns>Whether it was this attempt that ran; false where the job was deleted meanwhile.</returns>
    public Task<bool> EndAsync(VideoJob job, JobEnd end, long? filesUntil) => ChangeAsync(
        row => row.Number == job.Number && row.Status == JobStatus.Running && row.Attempts == job.Attempts, end, filesUntil);

    /// <summary>Puts a running attempt back, as if it had not begun.</summary>
    /// <returns>Whether it was the one that ran.</returns>
    public async Task<bool> PutBackAsync(VideoJob job) => await WriteAsync(
        database => database.Jobs.Where(row => row.Number == job.Number && row.Status == JobStatus.Running && row.Attempts == job.Attempts).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Status, JobStatus.Queued).SetProperty(row => row.Attempts, row => row.Attempts - 1).SetProperty(row => row.UpdatedAt, Now)),
        CancellationToken.None).ConfigureAwait(false) == 1;

    /// <summary>Ends a job that waits.</summary>
    /// <returns>Whether it did.</returns>
    public Task<bool> EndQueuedAsync(VideoJob job, JobEnd end) => ChangeAsync(row => row.Number == job.Number && row.Status == JobStatus.Queued, end, filesUntil: null);

    /// <summary>After a start: jobs that ran when the last process ended wait again, or have failed where that happened too often.</summary>
    /// <returns>How many of either.</returns>
    public async Task<(int Again, int Failed)> RecoverAsync(int maxAttempts)
    {
        JobEnd end = JobEnd.Failed("attempts_exhausted", $"The server ended {maxAttempts} times in the middle of this video.");
        int failed = await WriteAsync(database => EndRowsAsync(database, row => row.Status == JobStatus.Running && row.Attempts >= maxAttempts, end, null), CancellationToken.None).ConfigureAwait(false);
        int again = await WriteAsync(
            database => database.Jobs.Where(row => row.Status == JobStatus.Running).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Status, JobStatus.Queued).SetProperty(row => row.UpdatedAt, Now)),
            CancellationToken.None).ConfigureAwait(false);
        return (again, failed);
    }

    /// <summary>Removes a job's row.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> RemoveAsync(VideoJob job) =>
        await WriteAsync(database => database.Jobs.Where(row => row.Number == job.Number).ExecuteDeleteAsync(), CancellationToken.None).ConfigureAwait(false) == 1;

    /// <summary>Removes a job's row if it is in a state.</summary>
    /// <returns>Whether it was.</returns>
    public async Task<bool> RemoveAsync(VideoJob job, JobStatus status) =>
        await WriteAsync(database => database.Jobs.Where(row => row.Number == job.Number && row.Status == status).ExecuteDeleteAsync(), CancellationToken.None).ConfigureAwait(false) == 1;

    /// <summary>Reads jobs of all owners.</summary>
    public Task<List<VideoJob>> FindAsync(Expression<Func<VideoJob, bool>> which, CancellationToken cancellationToken) =>
        ReadAsync(database => database.Jobs.AsNoTracking().Where(which).ToListAsync(cancellationToken), cancellationToken);

    /// <summary>Notes which state was told.</summary>
    public Task SetToldAsync(VideoJob job) => WriteAsync(
        database => database.Jobs.Where(row => row.Number == job.Number).ExecuteUpdateAsync(set => set.SetProperty(row => row.Told, job.Status)), CancellationToken.None);

    /// <summary>Notes that a job's files are gone.</summary>
    public Task ForgetFilesAsync(VideoJob job) => WriteAsync(
        database => database.Jobs.Where(row => row.Number == job.Number).ExecuteUpdateAsync(set => set.SetProperty(row => row.FilesUntil, (long?)null)), CancellationToken.None);

    public void Dispose() => _writer.Dispose();

    private static IQueryable<VideoJob> Owned(JobDatabase database, string owner) => database.Jobs.AsNoTracking().Where(row => row.Owner == owner);

    private static Task<VideoJob?> FindByKeyAsync(JobDatabase database, string owner, string key, CancellationToken cancellationToken) =>
        Owned(database, owner).FirstOrDefaultAsync(row => row.IdempotencyKey == key, cancellationToken);

    private async Task<bool> ChangeAsync(Expression<Func<VideoJob, bool>> which, JobEnd end, long? filesUntil) =>
        await WriteAsync(database => EndRowsAsync(database, which, end, filesUntil), CancellationToken.None).ConfigureAwait(false) == 1;

    private Task<int> EndRowsAsync(JobDatabase database, Expression<Func<VideoJob, bool>> which, JobEnd end, long? filesUntil)
    {
        long now = Now;
        return database.Jobs.Where(which).ExecuteUpdateAsync((UpdateSettersBuilder<VideoJob> set) => set
            .SetProperty(row => row.Status, end.Status).SetProperty(row => row.ErrorCode, end.Code).SetProperty(row => row.ErrorMessage, end.Message)
            .SetProperty(row => row.UpdatedAt, now).SetProperty(row => row.EndedAt, now).SetProperty(row => row.FilesUntil, filesUntil));
    }

    private async Task<T> ReadAsync<T>(Func<JobDatabase, Task<T>> read, CancellationToken cancellationToken)
    {
        JobDatabase database = await databases.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        await using (database.ConfigureAwait(false))
        {
            return await read(database).ConfigureAwait(false);
        }
    }

    private async Task<T> WriteAsync<T>(Func<JobDatabase, Task<T>> write, CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await ReadAsync(write, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ = _writer.Release();
        }
    }
}
