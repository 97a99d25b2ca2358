namespace Seedance.Onnx.Forecasts;

/// <summary>How the prompt enters a block.</summary>
public enum BlockText
{
    /// <summary>"none": not at all.</summary>
    None,

    /// <summary>"cross": video tokens attend to text tokens in an attention of its own.</summary>
    Cross,

    /// <summary>"joint": text tokens go through the block too, and are keys beside the video's.</summary>
    Joint,
}
