namespace Seedance.Onnx.Server.Jobs;

/// <summary>Where workers find the job whose turn it is: in the store, or at a broker that knows the jobs of the store by their names.</summary>
internal interface IJobLine
{
    /// <summary>Begins the job whose turn it is.</summary>
    /// <returns>The job, running, its attempt counted; null where none waits.</returns>
    Task<VideoJob?> ClaimAsync(CancellationToken cancellationToken);
}
