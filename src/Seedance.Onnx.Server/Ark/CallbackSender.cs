using System.Data.Common;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.Jobs;
using Seedance.Onnx.Server.Security;

namespace Seedance.Onnx.Server.Ark;

/// <summary>
/// Tells whoever left a callback_url of each change: the task as GET gives it, signed, at least once. What could not be told before the server ended is told after the next start.
/// </summary>
internal sealed class CallbackSender(JobStore store, JobNews news, SignedLinks links, ServerOptions options, TimeProvider time, ILogger<CallbackSender> logger) : BackgroundService
{
    /// <summary>"t=SECONDS,v1=HEX": the HMAC-SHA256 of "SECONDS.BODY" with the callback secret.</summary>
    public const string SignatureHeader = "X-Seedance-Signature";

    private const int Lanes = 8;
    private const int RetriesOfAnEnd = 3;
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(5);

    // Longer than all tries of one change take.
    private static readonly TimeSpan OthersTime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private readonly Channel<string>[] _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => Channel.CreateUnbounded<string>())];

    /// <summary>The signature of a body.</summary>
    public static string Sign(string secret, long seconds, string body) =>
        string.Create(CultureInfo.InvariantCulture, $"t={seconds},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{seconds}.{body}")))}");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.CallbackSecret is not { } secret)
        {
            return; // none is taken either
        }

        news.Changed += OnChanged;
        try
        {
            using HttpClient client = new(GuardedHttp.CreateHandler((host, address) => PublicAddress.IsPublic(address) || options.AllowsPrivate(host))) { Timeout = LongestAnswer };
            await Task.WhenAll(_lanes.Select(lane => RunAsync(lane.Reader, client, secret, stoppingToken)).Append(FindUntoldAsync(stoppingToken))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The rest is told after the next start.
        }
        finally
        {
            news.Changed -= OnChanged;
        }
    }

    /// <summary>What was not told before the last process ended is told at once; what another process should have told and did not, after a while.</summary>
    private async Task FindUntoldAsync(CancellationToken stoppingToken)
    {
        for (long since = long.MaxValue; ; since = (time.GetUtcNow() - OthersTime).ToUnixTimeMilliseconds())
        {
            try
            {
                foreach (VideoJob untold in await store.FindAsync(job => job.CallbackUrl != null && job.Told != job.Status && job.UpdatedAt <= since, stoppingToken).ConfigureAwait(false))
                {
                    OnChanged(this, untold.Id);
                }
            }
            catch (DbException error)
            {
                ServerLog.StoreFailed(logger, error.Message);
            }

            await Task.Delay(OthersTime, time, stoppingToken).ConfigureAwait(false);
        }
    }

    /// <summary>A job keeps to its lane, so that its states are told one after the other, and a slow receiver holds up only a part of the others.</summary>
    private void OnChanged(object? sender, string id) => _ = _lanes[(uint)id.GetHashCode(StringComparison.Ordinal) % Lanes].Writer.TryWrite(id);

    private async Task RunAsync(ChannelReader<string> lane, HttpClient client, string secret, CancellationToken stoppingToken)
    {
        await foreach (string id in lane.ReadAllAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await TellAsync(id, client, secret, stoppingToken).ConfigureAwait(false);
            }
            catch (DbException error)
            {
                ServerLog.StoreFailed(logger, error.Message); // it is found untold later
            }
        }
    }

    private async Task TellAsync(string id, HttpClient client, string secret, CancellationToken stoppingToken)
    {
        if (await store.FindAsync(id, stoppingToken).ConfigureAwait(false) is not { CallbackUrl: { } url } job || job.Told == job.Status)
        {
            return;
        }

        int retries = job.Status is JobStatus.Succeeded or JobStatus.Failed ? RetriesOfAnEnd : 0;
        TimeSpan pause = FirstPause;
        while (!await TrySendAsync(client, url, job, secret, stoppingToken).ConfigureAwait(false) && retries-- > 0)
        {
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(false);
            pause *= 2;
        }

        await store.SetToldAsync(job).ConfigureAwait(false);
    }

    private async Task<bool> TrySendAsync(HttpClient client, string url, VideoJob job, string secret, CancellationToken stoppingToken)
    {
        string body = JsonSerializer.Serialize(ArkTask.Of(job, links), Envelope.Json);
        using HttpRequestMessage request = new(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json")) };
        request.Headers.Add(SignatureHeader, Sign(secret, time.GetUtcNow().ToUnixTimeSeconds(), body));
        try
        {
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stoppingToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return true;
            }

            ServerLog.CallbackFailed(logger, job.Id, $"status {(int)response.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !stoppingToken.IsCancellationRequested))
        {
            ServerLog.CallbackFailed(logger, job.Id, e.Message);
        }

        return false;
    }
}
