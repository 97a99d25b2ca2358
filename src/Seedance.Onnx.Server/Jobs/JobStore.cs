using System.Data.Common;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>
/// The jobs, on disk. Every change is one statement or one transaction that names the state it starts from, so that a process may end at any moment, and whoever comes second
/// finds that nothing is left to change.
/// </summary>
/// <remarks>Safe for several threads. Its methods throw <see cref="DbException"/> while the database cannot be reached or written.</remarks>
internal sealed class JobStore(IDbContextFactory<JobDatabase> databases, IStoreEngine engine, TimeProvider time) : IJobLine, IDisposable
{
    private readonly SemaphoreSlim _writers = new(engine.Writers, engine.Writers);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Makes the tables where there are none.</summary>
    /// <exception cref="HostSettingsException">The database cannot be opened, or another version of this program wrote it.</exception>
    public Task OpenAsync(CancellationToken cancellationToken) => WriteAsync(async database =>
    {
        await engine.OpenAsync(database, cancellationToken).ConfigureAwait(false);
        return true;
    }, cancellationToken);

    /// <summary>Takes a job in, unless one with the same idempotency key is there already, or too many wait.</summary>
    /// <param name="job">The job; its number is the store's, and not told.</param>
    /// <param name="maxQueued">How many may wait.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The job; or the one that was there; null where too many wait.</returns>
    public async Task<VideoJob?> AddAsync(VideoJob job, int maxQueued, CancellationToken cancellationToken) => (await AddAsync([job], maxQueued, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Takes several jobs in, in one transaction, each as if it came alone.</summary>
    /// <param name="jobs">The jobs; their numbers are the store's, and not told.</param>
    /// <param name="maxQueued">How many may wait.</param>
    /// <param name="cancellationToken">Stops it; none is taken then.</param>
    /// <returns>For each of them: itself; or the one that was there; null where too many wait.</returns>
    public Task<VideoJob?[]> AddAsync(IReadOnlyList<VideoJob> jobs, int maxQueued, CancellationToken cancellationToken) => WriteAsync(async database =>
    {
        IDbContextTransaction together = await database.Database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ending = together.ConfigureAwait(false);
        await engine.LockSubmissionsAsync(database, cancellationToken).ConfigureAwait(false);
        int queued = await database.Jobs.Where(row => row.Status == JobStatus.Queued).Take(maxQueued).CountAsync(cancellationToken).ConfigureAwait(false);
        VideoJob?[] added = new VideoJob?[jobs.Count];
        List<VideoJob> taken = [];
        foreach ((int index, VideoJob job) in jobs.Index())
        {
            VideoJob? before = job.IdempotencyKey is not { } key ? null
                : added.FirstOrDefault(other => other is { } same && same.Owner == job.Owner && same.IdempotencyKey == key) ?? await FindByKeyAsync(database, job.Owner, key, cancellationToken).ConfigureAwait(false);
            added[index] = before ?? (queued < maxQueued ? job : null);
            if (added[index] == job)
            {
                taken.Add(job);
                queued += job.Status == JobStatus.Queued ? 1 : 0;
            }
        }

        await engine.InsertAsync(database, taken, cancellationToken).ConfigureAwait(false);
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
        while (await InTurn(database.Jobs.Where(row => row.Status == JobStatus.Queued)).Select(row => row.Id).FirstOrDefaultAsync(cancellationToken).ConfigureAwait(false) is { } next)
        {
            if (await ClaimAsync(database, next, cancellationToken).ConfigureAwait(false) is { } job)
            {
                return job;
            }
        }

        return null;
    }, cancellationToken);

    /// <summary>Begins a job if it waits.</summary>
    /// <returns>The job, running, its attempt counted; null where it is gone, has ended, or somebody else has it.</returns>
    public Task<VideoJob?> ClaimAsync(string id, CancellationToken cancellationToken) => WriteAsync(database => ClaimAsync(database, id, cancellationToken), cancellationToken);

    /// <summary>Tells that an attempt goes on, and how far it is.</summary>
    /// <returns>Whether it is still the one that runs; false where the job was deleted, or was given to another.</returns>
    public async Task<bool> BeatAsync(VideoJob job, JobProgress? progress) => await WriteAsync(
        database => Attempt(database, job).ExecuteUpdateAsync(set => set.SetProperty(row => row.Beats, row => row.Beats + 1).SetProperty(row => row.Progress, progress)),
        CancellationToken.None).ConfigureAwait(false) == 1;

    /// <summary>Ends an attempt that is still the one that runs.</summary>
    /// <param name="job">The job as it was claimed.</param>
    /// <param name="end">How it ended.</param>
    /// <param name="filesUntil">How long its files stay; null where there are none.</param>
    /// <returns>Whether it was this attempt that ran; false where the job was deleted or given to another meanwhile, or this very end is written already.</returns>
    public async Task<bool> EndAsync(VideoJob job, JobEnd end, long? filesUntil) =>
        await WriteAsync(database => EndRowsAsync(Attempt(database, job), end, filesUntil), CancellationToken.None).ConfigureAwait(false) == 1;

    /// <summary>Puts a running attempt back, as if it had not begun.</summary>
    /// <returns>Whether it was the one that ran.</returns>
    public async Task<bool> PutBackAsync(VideoJob job)
    {
        long now = Now;
        return await WriteAsync(
            database => Attempt(database, job).ExecuteUpdateAsync(set => set
                .SetProperty(row => row.Status, JobStatus.Queued).SetProperty(row => row.Attempts, row => row.Attempts - 1).SetProperty(row => row.UpdatedAt, now)
                .SetProperty(row => row.Progress, (JobProgress?)null).SetProperty(row => row.Offered, false)),
            CancellationToken.None).ConfigureAwait(false) == 1;
    }

    /// <summary>Ends a job that waits.</summary>
    /// <returns>Whether it did.</returns>
    public async Task<bool> EndQueuedAsync(VideoJob job, JobEnd end) => await WriteAsync(
        database => EndRowsAsync(database.Jobs.Where(row => row.Number == job.Number && row.Status == JobStatus.Queued), end, filesUntil: null), CancellationToken.None).ConfigureAwait(false) == 1;

    /// <summary>Jobs whose process is gone wait again, or have failed where that happened too often.</summary>
    /// <param name="which">Which of the running ones.</param>
    /// <param name="maxAttempts">How often is too often.</param>
    /// <returns>How many of either.</returns>
    public async Task<(int Again, int Failed)> RecoverAsync(Expression<Func<VideoJob, bool>> which, int maxAttempts)
    {
        JobEnd end = JobEnd.Failed("attempts_exhausted", $"The server ended {maxAttempts} times in the middle of this video.");
        long now = Now;
        int failed = await WriteAsync(database => EndRowsAsync(Running(database).Where(row => row.Attempts >= maxAttempts), end, filesUntil: null), CancellationToken.None).ConfigureAwait(false);
        int again = await WriteAsync(
            database => Running(database).ExecuteUpdateAsync(set => set
                .SetProperty(row => row.Status, JobStatus.Queued).SetProperty(row => row.UpdatedAt, now)
                .SetProperty(row => row.Progress, (JobProgress?)null).SetProperty(row => row.Offered, false)),
            CancellationToken.None).ConfigureAwait(false);
        return (again, failed);

        IQueryable<VideoJob> Running(JobDatabase database) => database.Jobs.Where(row => row.Status == JobStatus.Running).Where(which);
    }

    /// <summary>Jobs that wait and that the broker does not know of, in their turn.</summary>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<List<VideoJob>> FindUnofferedAsync(int most, CancellationToken cancellationToken) => ReadAsync(
        database => InTurn(database.Jobs.AsNoTracking().Where(row => row.Status == JobStatus.Queued && !row.Offered)).Take(most).ToListAsync(cancellationToken), cancellationToken);

    /// <summary>Notes that the broker has a message of a job, unless the job was taken since it was read.</summary>
    public Task SetOfferedAsync(VideoJob job) => WriteAsync(
        database => database.Jobs.Where(row => row.Number == job.Number && row.Status == JobStatus.Queued && row.Claims == job.Claims).ExecuteUpdateAsync(set => set.SetProperty(row => row.Offered, true)),
        CancellationToken.None);

    /// <summary>Notes that the broker has lost messages of jobs that wait.</summary>
    /// <param name="priority">The priority of the jobs.</param>
    /// <returns>How many jobs that are.</returns>
    public Task<int> SetUnofferedAsync(int priority) => WriteAsync(
        database => database.Jobs.Where(row => row.Status == JobStatus.Queued && row.Offered && row.Priority == priority).ExecuteUpdateAsync(set => set.SetProperty(row => row.Offered, false)),
        CancellationToken.None);

    /// <summary>How many jobs wait that the broker should have messages of, by priority.</summary>
    public Task<Dictionary<int, int>> CountOfferedAsync(CancellationToken cancellationToken) => ReadAsync(
        database => database.Jobs.Where(row => row.Status == JobStatus.Queued && row.Offered).GroupBy(row => row.Priority).Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, cancellationToken),
        cancellationToken);

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

    public void Dispose() => _writers.Dispose();

    /// <summary>The row of an attempt, while it is the one that runs.</summary>
    private static IQueryable<VideoJob> Attempt(JobDatabase database, VideoJob job) =>
        database.Jobs.Where(row => row.Number == job.Number && row.Status == JobStatus.Running && row.Claims == job.Claims);

    private static IQueryable<VideoJob> InTurn(IQueryable<VideoJob> jobs) => jobs.OrderByDescending(row => row.Priority).ThenBy(row => row.Number);

    private static IQueryable<VideoJob> Owned(JobDatabase database, string owner) => database.Jobs.AsNoTracking().Where(row => row.Owner == owner);

    private static Task<VideoJob?> FindByKeyAsync(JobDatabase database, string owner, string key, CancellationToken cancellationToken) =>
        Owned(database, owner).FirstOrDefaultAsync(row => row.IdempotencyKey == key, cancellationToken);

    private async Task<VideoJob?> ClaimAsync(JobDatabase database, string id, CancellationToken cancellationToken)
    {
        long now = Now;
        int claimed = await database.Jobs.Where(row => row.Id == id && row.Status == JobStatus.Queued).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Status, JobStatus.Running).SetProperty(row => row.Attempts, row => row.Attempts + 1).SetProperty(row => row.Claims, row => row.Claims + 1)
                .SetProperty(row => row.UpdatedAt, now),
            cancellationToken).ConfigureAwait(false);
        return claimed == 0 ? null : await database.Jobs.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id, cancellationToken).ConfigureAwait(false);
    }

    private Task<int> EndRowsAsync(IQueryable<VideoJob> rows, JobEnd end, long? filesUntil)
    {
        long now = Now;
        return rows.ExecuteUpdateAsync((UpdateSettersBuilder<VideoJob> set) => set
            .SetProperty(row => row.Status, end.Status).SetProperty(row => row.ErrorCode, end.Code).SetProperty(row => row.ErrorMessage, end.Message)
            .SetProperty(row => row.UpdatedAt, now).SetProperty(row => row.EndedAt, now).SetProperty(row => row.FilesUntil, filesUntil).SetProperty(row => row.Progress, (JobProgress?)null));
    }

    private async Task<T> ReadAsync<T>(Func<JobDatabase, Task<T>> read, CancellationToken cancellationToken)
    {
        JobDatabase database = await databases.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        await using (database.ConfigureAwait(false))
        {
            try
            {
                return await read(database).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not DbException && DatabaseErrorOf(error) is { } inner)
            {
                // EF Core wraps some of the database's errors and not others.
                ExceptionDispatchInfo.Throw(inner);
                throw;
            }
        }
    }

    private static DbException? DatabaseErrorOf(Exception? error) => error is null or DbException ? error as DbException : DatabaseErrorOf(error.InnerException);

    private async Task<T> WriteAsync<T>(Func<JobDatabase, Task<T>> write, CancellationToken cancellationToken)
    {
        await _writers.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await ReadAsync(write, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ = _writers.Release();
        }
    }
}
