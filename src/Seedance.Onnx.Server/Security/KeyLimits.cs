using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Seedance.Onnx.Server.Ark;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.OpenAi;

namespace Seedance.Onnx.Server.Security;

/// <summary>How many requests a key may send in a minute, and how many at once. What needs no key has no limit here: it is small.</summary>
internal static class KeyLimits
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Refill = TimeSpan.FromSeconds(1);

    /// <summary>Sets the limits up.</summary>
    public static void Configure(RateLimiterOptions limiter, ServerOptions options)
    {
        limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<HttpContext, string>(context => Name(context) is not { } name ? RateLimitPartition.GetNoLimiter("") : RateLimitPartition.GetTokenBucketLimiter(name, _ =>
            {
                int perMinute = context.Features.Get<ApiKey>()?.RequestsPerMinute ?? options.RequestsPerMinute;
                int perRefill = Math.Max(1, (int)(perMinute * Refill / Minute));
                return new TokenBucketRateLimiterOptions { TokenLimit = Math.Max(perMinute, 1), TokensPerPeriod = perRefill, ReplenishmentPeriod = perRefill * Minute / Math.Max(perMinute, 1), QueueLimit = 0 };
            })),
            PartitionedRateLimiter.Create<HttpContext, string>(context => Name(context) is not { } name ? RateLimitPartition.GetNoLimiter("") : RateLimitPartition.GetConcurrencyLimiter(
                name, _ => new ConcurrencyLimiterOptions { PermitLimit = Math.Max(context.Features.Get<ApiKey>()?.ConcurrentRequests ?? options.ConcurrentRequests, 1), QueueLimit = 0 })));
        limiter.OnRejected = static (rejected, _) =>
        {
            HttpContext context = rejected.HttpContext;
            TimeSpan retry = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? after : TimeSpan.FromSeconds(1);
            Envelope envelope = context.Request.Path.StartsWithSegments(ArkEndpoints.Root) ? ArkErrors.Envelope : OpenAiErrors.Envelope;
            return new ValueTask(envelope.WriteAsync(context, [new RequestProblem(ProblemKind.RateLimited, "A key must send fewer requests than it did. Ask again later.", RetryAfter: retry)]));
        };
    }

    /// <summary>What a caller's limits are kept under; null where there are none. No name makes it the empty text, which stands for those without.</summary>
    private static string? Name(HttpContext context) => context.Features.Get<Caller>() is { } caller ? $"key {caller.Name}" : null;
}
