using System.ClientModel;
using System.Text.Json;
using OpenAI.Videos;

namespace Seedance.Onnx.Server.Clients;

/// <summary>Clients that others wrote, as they come, with nothing changed but the address: create, poll, download, list, delete, errors.</summary>
[Trait("Tier", "Graph")]
public sealed class RealClientTests
{
    [SkippableFact]
    public async Task OpenAiOfNode_AllCalls_Work()
    {
        string key = "";
        await using RunningServer server = await RunningServer.StartAsync(options => key = SeedanceServer.AddKey(options, "alice"));

        Assert.Equal("openai: done\n", await NodeClient.RunAsync("openai.mjs", server, key));
    }

    [SkippableFact]
    public async Task ByteDanceOfTheAiSdk_AllCalls_Work()
    {
        string key = "";
        await using RunningServer server = await RunningServer.StartAsync(options => key = SeedanceServer.AddKey(options, "alice"));

        Assert.Equal("bytedance: done\n", await NodeClient.RunAsync("bytedance.mjs", server, key));
    }

#pragma warning disable OPENAI001, SCME0001 // The whole VideoClient is marked as one that may change.
    [SkippableFact]
    public async Task OpenAiOfDotNet_AllCalls_Work()
    {
        string key = "";
        await using RunningServer server = await RunningServer.StartAsync(options => key = SeedanceServer.AddKey(options, "alice"));
        VideoClient client = Client(server, key);

        string first = Read(await client.CreateVideoAsync(Form(("prompt", "a red ball"), ("seconds", "2"), ("size", "1280x720")), "multipart/form-data; boundary=parts")).GetProperty("id").GetString()!;
        JsonElement video = await PollAsync(client, first);
        Assert.Equal(("completed", 100), (video.GetProperty("status").GetString(), video.GetProperty("progress").GetInt32()));
        byte[] content = (await client.DownloadVideoAsync(first)).GetRawResponse().Content.ToArray();
        Assert.Equal("ftyp"u8, content.AsSpan(4, 4));
        string second = Read(await client.CreateVideoRemixAsync(first, BinaryContent.Create(BinaryData.FromString("""{"prompt":"a blue ball"}""")), "application/json")).GetProperty("id").GetString()!;
        _ = await PollAsync(client, second);
        List<string> ids = [];
        for (bool more = true; more;)
        {
            await using IAsyncEnumerator<ClientResult> pages = client.GetVideosAsync(1, "desc", ids.LastOrDefault()).GetRawPagesAsync().GetAsyncEnumerator();
            Assert.True(await pages.MoveNextAsync());
            JsonElement page = Read(pages.Current);
            ids.Add(page.GetProperty("last_id").GetString()!);
            more = page.GetProperty("has_more").GetBoolean();
        }

        Assert.Equal([second, first], ids);
        Assert.True(Read(await client.DeleteVideoAsync(first)).GetProperty("deleted").GetBoolean());
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => client.GetVideoAsync(first))).Status);
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() => client.CreateVideoAsync(Form(("prompt", "a ball"), ("size", "large")), "multipart/form-data; boundary=parts"));
        Assert.Equal(400, refused.Status);
        Assert.Contains("size must be a size in pixels", refused.Message, StringComparison.Ordinal);
        Assert.Equal(401, (await Assert.ThrowsAsync<ClientResultException>(() => Client(server, "wrong").GetVideoAsync(second))).Status);
    }

    private static VideoClient Client(RunningServer server, string key) =>
        new(new ApiKeyCredential(key), new VideoClientOptions { Endpoint = new Uri(server.Client.BaseAddress!, "/v1") });

    private static async Task<JsonElement> PollAsync(VideoClient client, string id)
    {
        JsonElement video = Read(await client.GetVideoAsync(id));
        while (video.GetProperty("status").GetString() is "queued" or "in_progress")
        {
            await Task.Delay(100);
            video = Read(await client.GetVideoAsync(id));
        }

        return video;
    }
#pragma warning restore OPENAI001, SCME0001

    private static BinaryContent Form(params IReadOnlyList<(string Name, string Value)> fields) => BinaryContent.Create(BinaryData.FromString(
        string.Concat(fields.Select(field => $"--parts\r\nContent-Disposition: form-data; name=\"{field.Name}\"\r\n\r\n{field.Value}\r\n")) + "--parts--\r\n"));

    private static JsonElement Read(ClientResult result) => JsonDocument.Parse(result.GetRawResponse().Content).RootElement;
}
