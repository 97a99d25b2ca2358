using System.Threading.RateLimiting;
using Seedance.Onnx.Server.Http;

namespace Seedance.Onnx.Server.Security;

/// <summary>How many requests a key may send in a minute, and how many at once. What needs no key has no limit here: it is small.</summary>
/// <remarks>It is the container's, which disposes it: limiters that nobody disposes, as those of ASP.NET Core's own middleware, keep a timer, and with it the whole server.</remarks>
internal sealed class KeyLimits : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Refill = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<HttpContext> _perMinute;
    private readonly PartitionedRateLimiter<HttpContext> _atOnce;

    public KeyLimits(ServerOptions options)
    {
        _perMinute = PartitionedRateLimiter.Create<HttpContext, string>(context => Name(context) is not { } name ? RateLimitPartition.GetNoLimiter("") : RateLimitPartition.GetTokenBucketLimiter(name, _ =>
        {
            int perMinute = context.Features.Get<ApiKey>()?.RequestsPerMinute ?? options.RequestsPerMinute;
            int perRefill = Math.Max(1, (int)(perMinute * Refill / Minute));
            return new TokenBucketRateLimiterOptions { TokenLimit = Math.Max(perMinute, 1), TokensPerPeriod = perRefill, ReplenishmentPeriod = perRefill * Minute / Math.Max(perMinute, 1), QueueLimit = 0 };
        }));
        _atOnce = PartitionedRateLimiter.Create<HttpContext, string>(context => Name(context) is not { } name ? RateLimitPartition.GetNoLimiter("") : RateLimitPartition.GetConcurrencyLimiter(
            name, _ => new ConcurrencyLimiterOptions { PermitLimit = Math.Max(context.Features.Get<ApiKey>()?.ConcurrentRequests ?? options.ConcurrentRequests, 1), QueueLimit = 0 }));
    }

    /// <summary>Goes on with a request, or refuses it.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        using RateLimitLease sent = _perMinute.AttemptAcquire(context);
        using RateLimitLease? open = sent.IsAcquired ? _atOnce.AttemptAcquire(context) : null;
        if (open is { IsAcquired: true })
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        TimeSpan retry = (open ?? sent).TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? after : TimeSpan.FromSeconds(1);
        await ProblemAnswers.EnvelopeOf(context).WriteAsync(context, [new RequestProblem(ProblemKind.RateLimited, "A key must send fewer requests than it did. Ask again later.", RetryAfter: retry)]).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _perMinute.Dispose();
        _atOnce.Dispose();
    }

    /// <summary>What a caller's limits are kept under; null where there are none. No name makes it the empty text, which stands for those without.</summary>
    private static string? Name(HttpContext context) => context.Features.Get<Caller>() is { } caller ? $"key {caller.Name}" : null;
}
