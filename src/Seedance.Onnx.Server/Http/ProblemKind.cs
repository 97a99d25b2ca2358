namespace Seedance.Onnx.Server.Http;

/// <summary>What can be wrong with a request. Each API has its own words and numbers for them.</summary>
internal enum ProblemKind
{
    /// <summary>A parameter has a value that cannot be.</summary>
    Invalid,

    /// <summary>A parameter that must be there is not.</summary>
    Missing,

    /// <summary>A parameter that nobody knows.</summary>
    Unknown,

    /// <summary>An image is too large, in bytes or pixels.</summary>
    OversizedImage,

    /// <summary>An image is of no format that is taken.</summary>
    UnsupportedImage,

    /// <summary>What is asked for does not go with the state of the thing. It will not go later either.</summary>
    WrongState,

    /// <summary>No key, or one that is not known.</summary>
    Unauthorized,

    /// <summary>The key does not allow it, or the request comes from another page.</summary>
    Forbidden,

    /// <summary>There is no such thing.</summary>
    NotFound,

    /// <summary>There is no such model.</summary>
    ModelNotFound,

    /// <summary>The address does not take this method.</summary>
    MethodNotAllowed,

    /// <summary>The body is of no kind that is taken.</summary>
    UnsupportedMedia,

    /// <summary>The body is too large.</summary>
    TooLarge,

    /// <summary>Too many requests of this client.</summary>
    RateLimited,

    /// <summary>Too many jobs wait.</summary>
    QueueFull,

    /// <summary>The server cannot take it now: it starts, ends, or its disk is full.</summary>
    Unavailable,

    /// <summary>A mistake of ours.</summary>
    Internal,
}
