namespace Seedance.Onnx.Media;

/// <summary>How a contact sheet looks. Immutable.</summary>
public sealed record ContactSheetLayout
{
    /// <summary>Frames to show, evenly spread from the first to the last; a shorter video shows all it has. 12 if not specified.</summary>
    public int Frames { get; init; } = 12;

    /// <summary>Frames in a row. 4 if not specified.</summary>
    public int Columns { get; init; } = 4;

    /// <summary>Width of each frame in pixels, at least 16; the height follows the video's ratio. 320 if not specified.</summary>
    public int FrameWidth { get; init; } = 320;

    /// <summary>Whether each frame shows its time. True if not specified. FFmpeg builds that cannot draw text leave it out.</summary>
    public bool Labels { get; init; } = true;
}
