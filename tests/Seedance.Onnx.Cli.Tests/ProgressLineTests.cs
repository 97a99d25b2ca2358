namespace Seedance.Onnx.Cli;

/// <summary>The line on the terminal, with a clock that the test turns.</summary>
[Trait("Tier", "Unit")]
public sealed class ProgressLineTests : IDisposable
{
    private readonly StringWriter _terminal = new();
    private readonly HandClock _clock = new();

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void Report_StepsOfAStage_TellTheTimeLeft()
    {
        using ProgressLine line = new(_terminal, _clock);
        line.Report(new GenerationProgress(GenerationStage.Text, 1, 1));

        _clock.Now += TimeSpan.FromSeconds(6);
        line.Report(new GenerationProgress(GenerationStage.Denoise, 2, 25));

        Assert.EndsWith("\r2/4 denoising, 2 of 25, 1 min 9 s left", _terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_SemanticsBehindText_AreShown()
    {
        using ProgressLine line = new(_terminal, _clock);
        line.Report(new GenerationProgress(GenerationStage.Text, 1, 1));

        line.Report(new GenerationProgress(GenerationStage.Semantic, 1, 25));

        Assert.Contains("\r2/4 planning what happens, 1 of 25", _terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_LastStepOfAStage_ShowsTheNext()
    {
        using ProgressLine line = new(_terminal, _clock);

        line.Report(new GenerationProgress(GenerationStage.Denoise, 25, 25));

        Assert.EndsWith("\r3/4 decoding", _terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_VideoInParts_GoesOnFromPartToPartAndNeverBack()
    {
        using ProgressLine line = new(_terminal, _clock);
        void Report(GenerationStage stage, int step, int steps, int window)
        {
            _clock.Now += TimeSpan.FromSeconds(1);
            line.Report(new GenerationProgress(stage, step, steps, window, 3));
        }

        Report(GenerationStage.Decode, 5, 5, 0);
        Report(GenerationStage.Encode, 3, 13, 0);
        Report(GenerationStage.Denoise, 1, 4, 1);
        Report(GenerationStage.Encode, 4, 13, 0); // the reader of part 1 is late

        Assert.EndsWith("\rpart 2 of 3, 2/4 denoising, 1 of 4, 0 s left", _terminal.ToString().TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_ManyStepsAtOnce_ShowsOne()
    {
        using ProgressLine line = new(_terminal, _clock);

        for (int frame = 1; frame <= 40; frame++)
        {
            line.Report(new GenerationProgress(GenerationStage.Encode, frame, 41));
        }

        Assert.Equal(1, _terminal.ToString().Count(c => c == '\r'));
    }

    [Fact]
    public void Show_ShorterText_CoversTheLongerOne()
    {
        using ProgressLine line = new(_terminal, _clock);
        line.Show("a long text");

        line.Show("short");

        Assert.EndsWith("\rshort      ", _terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_ShownLine_IsCleared()
    {
        ProgressLine line = new(_terminal, _clock);
        line.Show("text");

        line.Dispose();

        Assert.EndsWith("\r    \r", _terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_NoTerminal_IsSilent()
    {
        using ProgressLine line = new(writer: null, _clock);

        line.Show("text");
        line.Report(new GenerationProgress(GenerationStage.Text, 1, 1));
    }

    private sealed class HandClock : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
