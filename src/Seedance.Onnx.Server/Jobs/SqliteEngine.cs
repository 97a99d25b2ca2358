using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>A file of SQLite, for one process alone.</summary>
/// <param name="path">The file.</param>
internal sealed class SqliteEngine(string path) : IStoreEngine
{
    // Seconds that a program of somebody else's may keep the file locked, such as one that looks into it or copies it; then clients hear that they must come again.
    private const int LongestLock = 2;

    // What came with version 2; a file of version 1 gets it, and keeps its jobs.
    private const string AddColumns = """
        BEGIN;
        ALTER TABLE "Jobs" ADD "Claims" INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE "Jobs" ADD "Beats" INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE "Jobs" ADD "Progress" TEXT;
        ALTER TABLE "Jobs" ADD "Offered" INTEGER NOT NULL DEFAULT 0;
        COMMIT
        """;

    /// <inheritdoc/>
    /// <remarks>SQLite takes one writer at a time: to wait for one another here is faster than to be sent away and to come again.</remarks>
    public int Writers => 1;

    /// <inheritdoc/>
    /// <remarks>Its asynchronous calls are none: whoever writes waits for the disk.</remarks>
    public int KeptThreads => 1;

    public void Configure(DbContextOptionsBuilder database) => database.UseSqlite(new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = LongestLock }.ToString());

    public async Task OpenAsync(JobDatabase database, CancellationToken cancellationToken)
    {
        _ = await database.Database.EnsureCreatedAsync(cancellationToken).ConfigureAwait(false);
        _ = await database.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = wal", cancellationToken).ConfigureAwait(false);
        int version = await ReadAsync(database, "SELECT user_version AS Value FROM pragma_user_version", cancellationToken).ConfigureAwait(false);
        if (version is < 0 or > JobDatabase.Version)
        {
            throw new HostSettingsException(path, [$"the store must be of version {JobDatabase.Version}, but is of version {version}. Use the program that wrote it, or another data_folder."]);
        }

        if (await ReadAsync(database, "SELECT COUNT(*) AS Value FROM pragma_table_info('Jobs') WHERE name = 'Claims'", cancellationToken).ConfigureAwait(false) == 0)
        {
            _ = await database.Database.ExecuteSqlRawAsync(AddColumns, cancellationToken).ConfigureAwait(false);
        }

        _ = await database.Database.ExecuteSqlRawAsync($"PRAGMA user_version = {JobDatabase.Version}", cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>The transaction itself is a lock.</remarks>
    public Task LockSubmissionsAsync(JobDatabase database, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    /// <remarks>One statement that is prepared once, of the model's own columns: EF Core writes a text for each row and reads the row back, which takes several times as long.</remarks>
    public async Task InsertAsync(JobDatabase database, IReadOnlyList<VideoJob> jobs, CancellationToken cancellationToken)
    {
        IProperty[] columns = [.. database.Model.FindEntityType(typeof(VideoJob))!.GetProperties().Where(column => column.ValueGenerated == ValueGenerated.Never)];
        DbCommand insert = database.Database.GetDbConnection().CreateCommand();
        await using (insert.ConfigureAwait(false))
        {
            insert.Transaction = database.Database.CurrentTransaction?.GetDbTransaction();
            insert.CommandText = $"""INSERT INTO "Jobs" ("{string.Join("\", \"", columns.Select(column => column.Name))}") VALUES ({string.Join(", ", columns.Select(column => $"${column.Name}"))})""";
            DbParameter[] values = [.. columns.Select(column => new SqliteParameter { ParameterName = $"${column.Name}" })];
            insert.Parameters.AddRange(values);
            foreach (VideoJob job in jobs)
            {
                foreach ((IProperty column, DbParameter value) in columns.Zip(values))
                {
                    object? own = column.PropertyInfo!.GetValue(job);
                    value.Value = (column.GetTypeMapping().Converter is { } converter ? converter.ConvertToProvider(own) : own) ?? DBNull.Value;
                }

                _ = await insert.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task<int> ReadAsync(JobDatabase database, string sql, CancellationToken cancellationToken) =>
        (await database.Database.SqlQueryRaw<int>(sql).ToListAsync(cancellationToken).ConfigureAwait(false))[0];
}
