using System.Diagnostics.Metrics;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server;

/// <summary>
/// What the server counts, under the name "Seedance.Onnx.Server": "seedance.jobs" (how many there are, by state, every few seconds), "seedance.jobs.ended" (by state),
/// "seedance.jobs.refused" (submissions that found the queue full) and "seedance.job.duration" in seconds.
/// </summary>
internal sealed class ServerMeter
{
    public const string Name = "Seedance.Onnx.Server";

    private readonly Counter<long> _ended;
    private readonly Counter<long> _refused;
    private readonly Histogram<double> _durations;

    public ServerMeter(IMeterFactory meters)
    {
        Meter meter = meters.Create(Name);
        _ended = meter.CreateCounter<long>("seedance.jobs.ended", description: "Jobs that ended, by how.");
        _refused = meter.CreateCounter<long>("seedance.jobs.refused", description: "Submissions that found the queue full.");
        _durations = meter.CreateHistogram<double>("seedance.job.duration", "s", "What an attempt at a job took.");
        _ = meter.CreateObservableGauge("seedance.jobs", () => Enum.GetValues<JobStatus>().Select(status => new Measurement<int>(Jobs.GetValueOrDefault(status), Tag(status))), description: "Jobs by state.");
    }

    /// <summary>How many jobs there are, by state.</summary>
    public IReadOnlyDictionary<JobStatus, int> Jobs { private get; set; } = new Dictionary<JobStatus, int>();

    public void Ended(JobStatus status, TimeSpan elapsed)
    {
        _ended.Add(1, Tag(status));
        _durations.Record(elapsed.TotalSeconds, Tag(status));
    }

    public void QueueWasFull() => _refused.Add(1);

    private static KeyValuePair<string, object?> Tag(JobStatus status) => new("status", status.ToString().ToLowerInvariant());
}
