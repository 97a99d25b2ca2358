namespace Seedance.Onnx.Server.Jobs;

/// <summary>What becomes of a job. Both APIs have their own words for it.</summary>
internal enum JobStatus
{
    /// <summary>It waits for its turn; also after the server ended in the middle of it.</summary>
    Queued,

    /// <summary>It is being made.</summary>
    Running,

    /// <summary>The video is there.</summary>
    Succeeded,

    /// <summary>It could not be made; code and message say why.</summary>
    Failed,

    /// <summary>Its client did not want it any more.</summary>
    Cancelled,

    /// <summary>It took longer, waiting and running, than its client would wait.</summary>
    Expired,
}
