using System.Diagnostics.Metrics;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server;

/// <summary>What the server counts, under the name "Seedance.Onnx.Server": "seedance.jobs" by state (how many there are), "seedance.jobs.ended" by state and "seedance.job.duration" in seconds.</summary>
internal static class ServerMeter
{
    public const string Name = "Seedance.Onnx.Server";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> EndedJobs = Meter.CreateCounter<long>("seedance.jobs.ended", description: "Jobs that ended, by how.");
    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>("seedance.job.duration", "s", "What an attempt at a job took.");
    private static readonly Counter<long> Refused = Meter.CreateCounter<long>("seedance.jobs.refused", description: "Submissions that found the queue full.");

    public static void Ended(JobStatus status, TimeSpan elapsed)
    {
        KeyValuePair<string, object?> tag = new("status", status.ToString().ToLowerInvariant());
        EndedJobs.Add(1, tag);
        Durations.Record(elapsed.TotalSeconds, tag);
    }

    public static void QueueWasFull() => Refused.Add(1);
}
