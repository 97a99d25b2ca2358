using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>Shows a video as one PNG picture: frames spread over its time, in rows. Immutable and safe to share between threads.</summary>
/// <param name="tool">The FFmpeg to run.</param>
/// <param name="limits">What the video may cost. The defaults of <see cref="MediaLimits"/> if not specified.</param>
public sealed class ContactSheet(FFmpegTool tool, MediaLimits? limits = null)
{
    private const int Gap = 6;
    private const int MaxSide = 16_384;
    private const int MaxFrames = 400;

    private readonly FFmpegTool _tool = tool ?? throw new ArgumentNullException(nameof(tool));
    private readonly MediaLimits _limits = limits ?? new MediaLimits();

    /// <summary>Writes the sheet; the file appears only when it is whole.</summary>
    /// <param name="videoPath">The video to show.</param>
    /// <param name="imagePath">The PNG file to be; one that exists is replaced.</param>
    /// <param name="layout">How it looks. The defaults of <see cref="ContactSheetLayout"/> if not specified.</param>
    /// <param name="cancellationToken">Stops FFmpeg and leaves no file.</param>
    /// <returns>The layout as drawn: as many frames as the video had, and labels only where this FFmpeg can draw them.</returns>
    /// <exception cref="InvalidRequestException">The layout is impossible, or the sheet would be larger than 16384 pixels.</exception>
    /// <exception cref="MediaException">The video cannot be read, or the picture cannot be written.</exception>
    /// <exception cref="ExecutionTargetException">FFmpeg does not start.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<ContactSheetLayout> WriteAsync(
        string videoPath, string imagePath, ContactSheetLayout? layout = null, CancellationToken cancellationToken = default)
    {
        layout ??= new ContactSheetLayout();
        RequirePossible(layout);
        PendingFile file = PendingFile.Create(imagePath);
        VideoInfo info = await new VideoReader(_tool, _limits).ProbeAsync(videoPath, cancellationToken).ConfigureAwait(false);
        layout = layout with { Frames = Math.Min(layout.Frames, info.FrameCount), Columns = Math.Min(layout.Columns, Math.Min(layout.Frames, info.FrameCount)) };
        VideoSize cell = Cell(layout, info.Size);
        try
        {
            ProcessResult result = await DrawAsync(videoPath, file, layout, info, cell, cancellationToken).ConfigureAwait(false);
            if (result.ExitCode != 0 && layout.Labels)
            {
                // No text filter, or no font: the pictures matter more than their times.
                layout = layout with { Labels = false };
                result = await DrawAsync(videoPath, file, layout, info, cell, cancellationToken).ConfigureAwait(false);
            }

            if (result.ExitCode != 0)
            {
                throw new MediaException($"FFmpeg must draw '{file.FinalPath}' from '{videoPath}', but failed (exit code {result.ExitCode}): "
                    + $"{result.Errors}. Check the disk's space and the video.");
            }

            file.Commit();
            return layout;
        }
        finally
        {
            file.Discard();
        }
    }

    private static void RequirePossible(ContactSheetLayout layout)
    {
        List<string> problems = [];
        if (layout.Frames is < 1 or > MaxFrames)
        {
            problems.Add($"Frames of a contact sheet must be from 1 to {MaxFrames}, but are {layout.Frames}.");
        }

        if (layout.Columns < 1)
        {
            problems.Add($"Columns of a contact sheet must be at least 1, but are {layout.Columns}.");
        }

        if (layout.FrameWidth is < 16 or > MaxSide)
        {
            problems.Add($"Frame width of a contact sheet must be from 16 to {MaxSide} pixels, but is {layout.FrameWidth}.");
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
    }

    private static int Rows(ContactSheetLayout layout) => (layout.Frames + layout.Columns - 1) / layout.Columns;

    private static VideoSize Cell(ContactSheetLayout layout, VideoSize video)
    {
        long height = Math.Max(1, (long)Math.Round((double)layout.FrameWidth * video.Height / video.Width));
        long sheetWidth = ((layout.FrameWidth + (long)Gap) * layout.Columns) + Gap, sheetHeight = ((height + Gap) * Rows(layout)) + Gap;
        return sheetWidth <= MaxSide && sheetHeight <= MaxSide
            ? new VideoSize(layout.FrameWidth, (int)height)
            : throw new InvalidRequestException([
                $"A contact sheet must be at most {MaxSide} pixels wide and high, but would be {sheetWidth}x{sheetHeight}. Show fewer or narrower frames."]);
    }

    private Task<ProcessResult> DrawAsync(
        string videoPath, PendingFile file, ContactSheetLayout layout, VideoInfo info, VideoSize cell, CancellationToken cancellationToken)
    {
        IEnumerable<string> chosen = Enumerable.Range(0, layout.Frames)
            .Select(i => layout.Frames == 1 ? 0 : (int)((long)i * (info.FrameCount - 1) / (layout.Frames - 1)))
            .Select(frame => $@"eq(n\,{frame})");
        int letter = Math.Clamp(cell.Height / 10, 8, 28);
        string label = layout.Labels
            ? $@"drawtext=text='%{{pts\:hms}}':x={letter / 3}:y=h-th-{letter / 3}:fontsize={letter}:fontcolor=white:box=1:boxcolor=black@0.55:boxborderw={letter / 4},"
            : "";
        string filter = $"select='{string.Join('+', chosen)}',setpts=PTS-STARTPTS,{FrameFilter.Stretch(cell)},setsar=1,format=rgb24,{label}"
            + $"tile={layout.Columns}x{Rows(layout)}:margin={Gap}:padding={Gap}:color=0x202020";
        return _tool.RunFFmpegAsync(
            [.. MediaInput.VideoFile(videoPath, _limits), "-map", "0:V:0", "-vf", filter, "-frames:v", "1", "-c:v", "png", "-f", "image2pipe", "-y", "file:" + file.TemporaryPath],
            input: default, maxOutput: 0, cancellationToken);
    }
}
