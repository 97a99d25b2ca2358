using System.Text.Json;
using System.Text.Json.Nodes;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>Jobs whose videos are longer than the pack makes at once.</summary>
[Trait("Tier", "Graph")]
public sealed class LongJobTests
{
    [SkippableFact]
    public async Task Create_LongerThanAClip_IsMadeUpToWhatTheServerAllows()
    {
        using TemporaryFolder pack = LongPack();
        await using RunningServer server = await RunningServer.StartAsync(options => options.MaxFrames = 33, pack: pack.Path);

        string id = await server.SubmitAsync(new { prompt = "a red ball", num_frames = 33, num_inference_steps = 2 });
        JsonElement done = await server.WaitForAsync(id, "completed", "failed");
        (int status, JsonElement body) = await server.PostAsync("/v1/videos", new { prompt = "a red ball", num_frames = 37 });
        string flagged = await server.SubmitAsync(new { prompt = "a red ball --dur 60", num_inference_steps = 1 });

        Assert.Equal("completed", done.GetProperty("status").GetString());
        Assert.Equal((400, "num_frames"), (status, body.GetProperty("error").GetProperty("param").GetString()));
        Assert.StartsWith("num_frames must be up to 33 on this server, but is 37.", body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(33, (await server.Store.FindAsync(flagged, default))!.Order.Frames);
    }

    [SkippableFact]
    public async Task Create_NothingSaidOfLength_TakesNoMoreThanAClip()
    {
        using TemporaryFolder pack = LongPack();
        await using RunningServer server = await RunningServer.StartAsync(pack: pack.Path);

        (int status, JsonElement body) = await server.PostAsync("/v1/videos", new { prompt = "a red ball", seconds = 4 });

        Assert.Equal((400, "seconds"), (status, body.GetProperty("error").GetProperty("param").GetString()));
        Assert.StartsWith("seconds must be up to 2.125 seconds (17 frames at 8 a second) on this server, but is 4.", body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Percent_OfAVideoInParts_GoesOverAllOfThem()
    {
        JobProgress half = JobProgress.None with { Stage = GenerationStage.Denoise, Step = 1, Steps = 2 };

        Assert.Equal((45, 36, 99), (half.Percent, (half with { Window = 1, Windows = 4 }).Percent, (half with { Stage = GenerationStage.Encode, Step = 9, Steps = 9, Window = 3, Windows = 4 }).Percent));
    }

    /// <summary>The film pack, with windows of 9 frames.</summary>
    private static TemporaryFolder LongPack()
    {
        TemporaryFolder folder = new();
        folder.Fill(RepositoryFolder.PathOf("tests", "Shared", "tiny-film-pack"));
        JsonObject contract = JsonNode.Parse(File.ReadAllText(folder.PathOf("seedance.json")))!.AsObject();
        contract["video"]!["window_frames"] = 9;
        File.WriteAllText(folder.PathOf("seedance.json"), contract.ToJsonString());
        return folder;
    }
}
