using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Seedance.Onnx.Cli;

/// <summary>A client of servers that are killed meanwhile: it repeats what it heard nothing of, always with the same key, and sees whether anything is lost or done twice.</summary>
/// <param name="ports">The servers' ports; it asks one after the other.</param>
internal sealed class RepeatingClient(params int[] ports) : IDisposable
{
    private readonly HttpClient[] _clients = [.. ports.Select(port => new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(2) })];
    private int _next;

    /// <summary>Videos that were seen completed.</summary>
    public Dictionary<string, JsonElement> Completed { get; } = [];

    /// <summary>The server whose turn it is.</summary>
    public HttpClient Next => _clients[(uint)Interlocked.Increment(ref _next) % _clients.Length];

    /// <summary>Whether all servers take requests.</summary>
    public async Task<bool> AreReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            HttpResponseMessage[] answers = await Task.WhenAll(_clients.Select(client => client.GetAsync("/readyz", cancellationToken)));
            return answers.All(answer => answer.IsSuccessStatusCode);
        }
        catch (HttpRequestException)
        {
            return false; // it does not listen yet
        }
    }

    /// <summary>Asks for a video until a server has said yes.</summary>
    public async Task<string> SubmitAsync(int job, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                using HttpRequestMessage request = new(HttpMethod.Post, "/v1/videos")
                {
                    Content = JsonContent.Create(new { prompt = "a red ball", num_inference_steps = 200, seed = job }),
                    Headers = { { "Idempotency-Key", $"job {job}" } },
                };
                using HttpResponseMessage response = await Next.SendAsync(request, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
                }

                Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            }
            catch (HttpRequestException)
            {
                // It was killed: ask again.
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>Looks at all jobs: what was completed stays so, since the same moment, and nothing has failed.</summary>
    /// <returns>How many run.</returns>
    public async Task<int> LookAsync()
    {
        JsonElement[] all = await ListAsync();
        foreach (JsonElement video in all)
        {
            string id = video.GetProperty("id").GetString()!, status = video.GetProperty("status").GetString()!;
            Assert.True(status != "failed", video.ToString());
            if (Completed.TryGetValue(id, out JsonElement before))
            {
                Assert.Equal(("completed", before.GetProperty("completed_at").GetInt64()), (status, video.GetProperty("completed_at").GetInt64()));
            }
            else if (status == "completed")
            {
                Completed[id] = video;
            }
        }

        return all.Count(video => video.GetProperty("status").GetString() == "in_progress");
    }

    /// <summary>Waits until so many are completed.</summary>
    public async Task WaitForAsync(int completed, CancellationToken cancellationToken)
    {
        while (Completed.Count < completed)
        {
            await Task.Delay(200, cancellationToken);
            _ = await LookAsync();
        }
    }

    /// <summary>Looks whether there is exactly one video for each job, which can be downloaded.</summary>
    public async Task AssertEachIsThereOnceAsync(string[] ids)
    {
        JsonElement[] all = await ListAsync();
        byte[][] videos = await Task.WhenAll(ids.Select(id => Next.GetByteArrayAsync($"/v1/videos/{id}/content")));
        Assert.Equal(ids.Order(StringComparer.Ordinal), all.Select(video => video.GetProperty("id").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(ids.Length, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.All(videos, video => Assert.Equal("ftyp"u8, video.AsSpan(4, 4)));
    }

    public void Dispose() => Array.ForEach(_clients, client => client.Dispose());

    /// <summary>All videos, from a server that is there and can reach its store.</summary>
    private async Task<JsonElement[]> ListAsync()
    {
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await Next.GetAsync("/v1/videos?limit=100");
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                {
                    return [.. (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data").EnumerateArray()];
                }
            }
            catch (HttpRequestException error) when (error.StatusCode is null)
            {
                // It was killed: ask another.
            }

            await Task.Delay(100);
        }
    }
}
