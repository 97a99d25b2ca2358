using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>The store in a file of SQLite.</summary>
[Trait("Tier", "Unit")]
public sealed class SqliteJobStoreTests : JobStoreTests
{
    private readonly TemporaryFolder _folder = new();

    [SkippableFact]
    public async Task OpenAsync_StoreOfAnotherVersion_IsRefused()
    {
        _ = await OpenAsync();
        await ExecuteAsync("PRAGMA user_version = 99");

        HostSettingsException error = await Assert.ThrowsAsync<HostSettingsException>(() => OpenAsync());

        Assert.Contains("must be of version", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task OpenAsync_StoreOfVersionOne_KeepsItsJobs()
    {
        await (await OpenAsync()).AddAsync(Job("a"), 10, default);
        await ExecuteAsync("""
            ALTER TABLE Jobs DROP COLUMN Claims; ALTER TABLE Jobs DROP COLUMN Beats; ALTER TABLE Jobs DROP COLUMN Progress; ALTER TABLE Jobs DROP COLUMN Offered; PRAGMA user_version = 1
            """);

        JobStore store = await OpenAsync();

        Assert.Equal(("a", 1, 1), ((await store.ClaimAsync(default)) is { } job ? (job.Id, job.Attempts, job.Claims) : default));
    }

    private protected override Task<IStoreEngine> FindEngineAsync() => Task.FromResult<IStoreEngine>(new SqliteEngine(_folder.PathOf("jobs.db")));

    private protected override void Clean()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using JobDatabase database = new Factory(await FindEngineAsync()).CreateDbContext();
        _ = await database.Database.ExecuteSqlRawAsync(sql);
    }
}
