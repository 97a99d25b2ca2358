namespace Seedance.Onnx.Forecasts;

/// <summary>Which tokens of the video one of them attends to.</summary>
public enum BlockAttention
{
    /// <summary>"all": every token of the clip.</summary>
    All,

    /// <summary>"frame": those of its own frame.</summary>
    Frame,

    /// <summary>"window": those of all frames in its window of rows and columns.</summary>
    Window,
}
