using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>A database of PostgreSQL, for all processes of a cluster.</summary>
/// <param name="connection">The connection string.</param>
internal sealed class PostgresEngine(string connection) : IStoreEngine
{
    // Locks are told apart by number in the whole database; any two do.
    private const long TablesLock = 0x5EED_0001;
    private const long SubmissionsLock = 0x5EED_0002;

    public int Writers => 32;

    public int KeptThreads => 0;

    public void Configure(DbContextOptionsBuilder database) => database.UseNpgsql(connection);

    public async Task OpenAsync(JobDatabase database, CancellationToken cancellationToken)
    {
        try
        {
            // One connection for all of it, because the lock is the connection's: processes that start at once make the tables once.
            await database.Database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            _ = await database.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({TablesLock})", cancellationToken).ConfigureAwait(false);
            _ = await database.Database.EnsureCreatedAsync(cancellationToken).ConfigureAwait(false);
            string? version = (await database.Database.SqlQueryRaw<string?>("SELECT obj_description('\"Jobs\"'::regclass) AS \"Value\"").ToListAsync(cancellationToken).ConfigureAwait(false))[0];
            _ = await database.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({TablesLock})", cancellationToken).ConfigureAwait(false);
            if (version != JobDatabase.VersionComment)
            {
                throw new HostSettingsException("server", [$"the store's table Jobs must be '{JobDatabase.VersionComment}', but is '{version}'. Use the program that made it, or another database."]);
            }
        }
        catch (DbException error) when (!error.IsTransient)
        {
            throw Unusable(error);
        }
    }

    /// <summary>Looks whether a database can be opened.</summary>
    /// <param name="connection">The connection string.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Its name and host.</returns>
    /// <exception cref="HostSettingsException">It cannot.</exception>
    public static async Task<string> ExamineAsync(string connection, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            NpgsqlConnection database = new(new NpgsqlConnectionStringBuilder(connection) { Timeout = (int)timeout.TotalSeconds, Pooling = false }.ToString());
            await using (database.ConfigureAwait(false))
            {
                await database.OpenAsync(cancellationToken).ConfigureAwait(false);
                return $"{database.Database} on {database.Host}:{database.Port}";
            }
        }
        catch (Exception error) when (error is DbException or ArgumentException)
        {
            throw Unusable(error);
        }
    }

    public Task LockSubmissionsAsync(JobDatabase database, CancellationToken cancellationToken) =>
        database.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({SubmissionsLock})", cancellationToken);

    /// <inheritdoc/>
    /// <remarks>EF Core sends them all at once, which counts where the database is on another machine.</remarks>
    public Task InsertAsync(JobDatabase database, IReadOnlyList<VideoJob> jobs, CancellationToken cancellationToken)
    {
        database.Jobs.AddRange(jobs);
        return database.SaveChangesAsync(cancellationToken);
    }

    private static HostSettingsException Unusable(Exception error) =>
        new("server", [$"store must be a PostgreSQL database that can be opened, but is not: {error.Message} Start PostgreSQL, make the database with createdb, or correct the connection string."], error);
}
