using Microsoft.EntityFrameworkCore;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>The store in PostgreSQL.</summary>
[Collection(ClusterFixture.Name)]
[Trait("Tier", "Unit")]
public sealed class PostgresJobStoreTests(ClusterFixture cluster) : JobStoreTests
{
    private IStoreEngine? _engine;

    [SkippableFact]
    public async Task OpenAsync_ByManyAtOnce_MakesTheTablesOnce()
    {
        _ = await FindEngineAsync();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(OpenAsync)));

        await (await OpenAsync()).AddAsync(Job("a"), 10, default);
    }

    [SkippableFact]
    public async Task OpenAsync_TableOfAnother_IsRefused()
    {
        _ = await OpenAsync();
        await using (JobDatabase database = new Factory(await FindEngineAsync()).CreateDbContext())
        {
            _ = await database.Database.ExecuteSqlRawAsync("COMMENT ON TABLE \"Jobs\" IS 'seedance jobs, version 99'");
        }

        HostSettingsException error = await Assert.ThrowsAsync<HostSettingsException>(() => OpenAsync());

        Assert.Contains("but is 'seedance jobs, version 99'", error.Message, StringComparison.Ordinal);
    }

    private protected override async Task<IStoreEngine> FindEngineAsync() => _engine ??= new PostgresEngine(await (await cluster.StartAsync()).Postgres.CreateDatabaseAsync());

    private protected override void Clean() => Npgsql.NpgsqlConnection.ClearAllPools();
}
