using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server;

/// <summary>What clients of both APIs hear when the server itself fails: documented words and nothing of its inside. The log has the whole story, and the server lives on.</summary>
[Trait("Tier", "Graph")]
public sealed class ServerFailureTests
{
    private const string Videos = "/v1/videos";
    private const string Tasks = "/api/v3/contents/generations/tasks";

    // More than the store keeps open while nobody asks.
    private const int Connections = 8;
    private const int MostTries = 40;

    // The store as large as SQLite lets it be, and no larger than it is.
    private const int Largest = 1_073_741_823;
    private const int AsItIs = 1;

    private static readonly Words Unavailable = new(503, "unavailable", "server_error", Retries: true), Overloaded = new(503, "ServerOverloaded", "ServiceUnavailable", Retries: true);
    private static readonly Words Internal = new(500, "internal_error", "server_error"), InternalService = new(500, "InternalServiceError", "InternalServerError");

    /// <summary>A picture as large as both APIs take one.</summary>
    private static readonly string Picture = $"data:image/png;base64,{Convert.ToBase64String(TestImage.Png(320, 320, 200, 30, 30))}";

    [SkippableFact]
    public async Task Submit_StoreOnAFullDisk_IsToldToComeAgain()
    {
        await using RunningServer server = await RunningServer.StartAsync(holds: true);
        RecordedLog log = RecordedLog.Of(server);
        await LimitStoreAsync(server, AsItIs, until: 503);

        await AssertFailsAsync(server, log, Unavailable, Overloaded, "database or disk is full");

        await LimitStoreAsync(server, Largest, until: 200);
    }

    [SkippableFact]
    public async Task Submit_StoreLockedByAnother_IsToldToComeAgain()
    {
        await using RunningServer server = await RunningServer.StartAsync(holds: true);
        RecordedLog log = RecordedLog.Of(server);
        await using SqliteConnection other = new($"Data Source={server.Files.Database};Pooling=False");
        await other.OpenAsync();
        await using SqliteTransaction locked = other.BeginTransaction();

        await AssertFailsAsync(server, log, Unavailable, Overloaded, "database is locked");

        Assert.Equal(200, (await server.GetAsync(Videos)).Status);
        await locked.RollbackAsync();
        _ = await server.SubmitAsync();
    }

    [SkippableFact]
    public async Task Submit_StoreThatIsDamaged_IsAMistakeOfOurs()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        RecordedLog log = RecordedLog.Of(server);
        await using (JobDatabase database = await OpenStoreAsync(server))
        {
            _ = await database.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        byte[] sound = await ReplaceStoreAsync(server, [.. Enumerable.Repeat((byte)'x', 1 << 16)]);

        await AssertFailsAsync(server, log, Internal, InternalService, "file is not a database");

        Assert.Equal(200, (int)(await server.Client.GetAsync("/healthz")).StatusCode);
        _ = await ReplaceStoreAsync(server, sound);
        _ = await server.SubmitAsync();
    }

    [SkippableFact]
    public async Task Submit_ErrorThatNobodyThoughtOf_IsAMistakeOfOurs()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        RecordedLog log = RecordedLog.Of(server);
        string jobs = Path.Combine(server.Files.Root, "jobs");
        Directory.Delete(jobs, recursive: true);
        await File.WriteAllTextAsync(jobs, "no folder");

        await AssertFailsAsync(server, log, Internal, InternalService, jobs);

        File.Delete(jobs);
        _ = Directory.CreateDirectory(jobs);
        await server.WaitForAsync(await server.SubmitAsync(), "completed");
    }

    /// <summary>Submits by both APIs and looks at what is told and logged.</summary>
    /// <param name="server">The server, which fails.</param>
    /// <param name="log">Its log.</param>
    /// <param name="video">How OpenAI's API says it.</param>
    /// <param name="task">How Ark's does.</param>
    /// <param name="cause">What the log says of the cause, and no answer.</param>
    private static async Task AssertFailsAsync(RunningServer server, RecordedLog log, Words video, Words task, string cause)
    {
        (string Path, object Body, Words Expected)[] cases =
        [
            (Videos, new { prompt = "a red ball", input_reference = new { image_url = Picture } }, video),
            (Tasks, new { model = "any", content = new object[] { new { type = "text", text = "a red ball" }, new { type = "image_url", image_url = new { url = Picture } } } }, task),
        ];
        foreach ((string path, object body, Words expected) in cases)
        {
            using HttpResponseMessage answer = await server.Client.PostAsJsonAsync(path, body);
            string text = await answer.Content.ReadAsStringAsync();
            JsonElement error = JsonSerializer.Deserialize<JsonElement>(text).GetProperty("error");

            Assert.Equal(expected, new Words((int)answer.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("type").GetString(), answer.Headers.RetryAfter is not null));
            Assert.Equal(!expected.Retries, answer.Headers.TryGetValues("x-should-retry", out IEnumerable<string>? values) && values.SequenceEqual(["false"]));
            string id = answer.Headers.GetValues("x-request-id").Single();
            Assert.EndsWith($" Request id: {id}", error.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.All([cause, server.Files.Root, "SQLite", "Exception", "   at "], inside => Assert.DoesNotContain(inside, text, StringComparison.OrdinalIgnoreCase));
            Exception? logged = Assert.Single(log.Naming(id)).Error;
            Assert.Contains(cause, logged?.ToString(), StringComparison.Ordinal);
            Assert.Contains(nameof(JobIntake), logged?.StackTrace, StringComparison.Ordinal);
        }
    }

    /// <summary>Lets the store's file grow or not, as a disk does, until a submission tells that it counts: there may be a connection that did not hear of it.</summary>
    private static async Task LimitStoreAsync(RunningServer server, int pages, int until)
    {
        for (int tries = 0; tries < MostTries; tries++)
        {
            List<JobDatabase> all = [];
            for (int i = 0; i < Connections; i++)
            {
                all.Add(await OpenStoreAsync(server));
#pragma warning disable EF1002 // A number of ours; a pragma takes no parameters.
                _ = await all[^1].Database.ExecuteSqlRawAsync($"PRAGMA max_page_count = {pages}");
#pragma warning restore EF1002
            }

            foreach (JobDatabase database in all)
            {
                await database.DisposeAsync();
            }

            if ((await server.PostAsync(Videos, new { prompt = "a" })).Status == until)
            {
                return;
            }
        }

        Assert.Fail($"A submission must be answered with {until} in the end, but was not.");
    }

    private static async Task<JobDatabase> OpenStoreAsync(RunningServer server)
    {
        JobDatabase database = await server.Services.GetRequiredService<IDbContextFactory<JobDatabase>>().CreateDbContextAsync();
        await database.Database.OpenConnectionAsync();
        return database;
    }

    /// <summary>Puts other bytes in the place of the store's, in the same file, and lets nobody know the old ones.</summary>
    private static async Task<byte[]> ReplaceStoreAsync(RunningServer server, byte[] bytes)
    {
        byte[] before = await File.ReadAllBytesAsync(server.Files.Database);
        await using (FileStream file = new(server.Files.Database, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            await file.WriteAsync(bytes);
        }

        SqliteConnection.ClearAllPools();
        return before;
    }

    private sealed record Words(int Status, string? Code, string? Type, bool Retries = false);
}
