namespace Seedance.Onnx.Server.Jobs;

/// <summary>Told of every change of a job's state: where callbacks begin. Safe for several threads.</summary>
internal sealed class JobNews
{
    /// <summary>Called after a job began, ended or was cancelled, from the thread that did it; it must not wait.</summary>
    public event EventHandler<string>? Changed;

    public void Tell(VideoJob job) => Changed?.Invoke(this, job.Id);
}
